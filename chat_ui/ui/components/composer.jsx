// Where a person writes. The draft stays in the browser, out of Reflex's state, until the server has said
// that the message is stored; then, and only then, it is cleared.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { PrefetchPageLinks, useNavigate } from "react-router";
import { useConversation } from "./address.js";
import { draftAt, keepDraft } from "./drafts.js";
import { editLastQuestion } from "./editing.js";
import { ArrowUp, Square } from "./icons.jsx";
import { tooLong } from "./lengths.js";
import { modelToAsk, useNamedModel } from "./model_choice.jsx";
import { forgive, newId, post, useOutbox, watch } from "./outbox.js";
import { enqueue } from "./queue.js";
import { Queued } from "./queued.jsx";
import { say } from "./words.js";

const TURNS_WITHIN_MS = 500;
const EXAMPLE = "chat-ui:example";
export const SENT = "chat-ui:sent";

const isTouch = () => window.matchMedia("(pointer: coarse)").matches;

function useDraft(field, conversation, outbox) {
  const [text, setText] = useState("");
  // What was typed before this script was there stands in the field alone. A browser may have put the draft there, too.
  useLayoutEffect(() => {
    const early = field.current.value;
    const kept = draftAt(conversation);
    if (early && early !== kept) keep(early.startsWith(kept) ? early : `${kept}\n${early}`);
  }, []);
  // A message that was stored is no draft any more: the outbox has forgotten it by now.
  useEffect(() => setText(draftAt(conversation)), [conversation, outbox]);
  const keep = (next) => {
    setText(next);
    keepDraft(conversation, next);
  };
  return [text, keep];
}

function useHeightOf(field, text) {
  useLayoutEffect(() => {
    const measure = () => {
      field.current.style.height = "auto";
      field.current.style.height = `${field.current.scrollHeight}px`;
    };
    measure();
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, [text]);
}

// The button turns from Send into Stop under the pointer, and back. A click that was aimed at what it was a moment before
// does nothing: the second of a double click on Send, and one for Stop that comes just after the end. Whoever has written
// something since then means Send.
function useAim(stoppable, text) {
  const ended = useRef(-Infinity);
  const before = useRef(stoppable);
  useLayoutEffect(() => {
    if (before.current && !stoppable) ended.current = performance.now();
    before.current = stoppable;
  }, [stoppable]);
  const written = useRef(text);
  useLayoutEffect(() => {
    if (written.current !== text) ended.current = -Infinity;
    written.current = text;
  }, [text]);
  return (event) => {
    const isByPointer = event.detail > 0;
    const isLate = stoppable ? event.detail > 1 : performance.now() - ended.current < TURNS_WITHIN_MS;
    if (isByPointer && isLate) event.preventDefault();
  };
}

// What a message would cost is asked only when somebody wants to know: the gateway has to read it for that.
function Price({ price, onAsk }) {
  return (
    <div className="price">
      <span className="meta" role="status">{price}</span>
      <button type="button" className="button" onClick={onAsk}>
        {say("composer.price")}
      </button>
    </div>
  );
}

export function Composer({
  shown,
  leaf,
  model,
  gateway,
  heard,
  running,
  ended,
  maxChars,
  paid,
  price,
  onPrice,
  onSend,
  onStop,
}) {
  const conversation = useConversation();
  const settled = shown === conversation;
  const outbox = useOutbox(conversation);
  const { sending: underway, refusal } = outbox;
  const field = useRef(null);
  const [draft, keep] = useDraft(field, conversation, outbox);
  // What began a conversation stays in sight until the page of that is there.
  const [leaving, setLeaving] = useState("");
  const text = leaving || draft;
  const sending = underway || leaving !== "";
  const [complaint, setComplaint] = useState("");
  const [priced, setPriced] = useState("");
  const navigate = useNavigate();
  useHeightOf(field, text);
  useNamedModel(gateway, model, heard, conversation);

  useEffect(() => {
    if (!isTouch()) field.current.focus({ preventScroll: true });
    setComplaint("");
  }, [conversation]);
  useEffect(
    () =>
      watch((from, to, words) => {
        if (from !== "" || conversation !== "") return;
        setLeaving(words);
        navigate(`/c/${to}`);
      }),
    [conversation],
  );

  const stoppable = settled ? running : "";
  const onAim = useAim(stoppable, text);
  const draftOf = (words) => ({ text: words, parent_id: settled ? leaf : "", ...modelToAsk() });
  const isFit = (words) => {
    const problem = tooLong("composer.too_long", words, maxChars);
    setComplaint(problem);
    return words.trim() && !problem;
  };
  const askPrice = () => {
    if (!isFit(text)) return;
    setPriced(text);
    onPrice({ ...draftOf(text), id: newId(), conversation_id: conversation });
  };
  // While an answer is being written, what is sent waits for its end, or ends it.
  const queue = (interrupts) => {
    if (!isFit(text)) return;
    enqueue(conversation, { id: newId(), text, now: interrupts });
    keep("");
    if (interrupts) onStop(stoppable);
  };
  const submit = (words) => {
    if (stoppable || !isFit(words)) return;
    post(conversation, draftOf(words), onSend);
    window.dispatchEvent(new Event(SENT));
  };
  useEffect(() => {
    const onExample = (event) => submit(event.detail);
    window.addEventListener(EXAMPLE, onExample);
    return () => window.removeEventListener(EXAMPLE, onExample);
  });
  const onKeyDown = (event) => {
    const composing = event.nativeEvent.isComposing || event.keyCode === 229;
    if (event.key === "ArrowUp" && !text && !composing && editLastQuestion()) event.preventDefault();
    // A phone's keyboard has no Shift+Enter: there Enter breaks the line, and the button sends.
    if (event.key !== "Enter" || event.shiftKey || composing || isTouch()) return;
    event.preventDefault();
    if (stoppable) queue(event.ctrlKey || event.metaKey);
    else submit(text);
  };
  const onSubmit = (event) => {
    event.preventDefault();
    if (!stoppable) submit(text);
    else onStop(stoppable);
    if (!isTouch()) field.current.focus({ preventScroll: true });
  };

  const label = stoppable ? say("composer.stop") : say("composer.send");
  return (
    <form className="composer" onSubmit={onSubmit}>
      <Queued
        {...{ conversation, settled, running: stoppable, ended, draftOf, onSend, onStop }}
        onTakeBack={(words) => {
          keep(text.trim() ? `${text}\n${words}` : words);
          field.current.focus();
        }}
      />
      {(complaint || refusal) && <p className="notice" role="alert">{complaint || refusal}</p>}
      <div className="composer-box" data-sending={sending}>
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={say("composer")}
          aria-keyshortcuts="M"
          placeholder={say("composer.placeholder")}
          value={text}
          readOnly={sending}
          onChange={(event) => {
            keep(event.target.value);
            setComplaint("");
            if (refusal) forgive(conversation);
          }}
          onKeyDown={onKeyDown}
        />
        {stoppable && text.trim() && (
          <button
            type="button"
            className="round quiet"
            aria-label={say("composer.queue")}
            title={say("composer.queue.what")}
            onClick={() => queue(false)}
          >
            <ArrowUp />
          </button>
        )}
        <button
          className="round"
          aria-label={label}
          aria-keyshortcuts={stoppable ? "." : undefined}
          title={label}
          disabled={!stoppable && (!text.trim() || sending)}
          onClick={onAim}
        >
          {stoppable ? <Square /> : <ArrowUp />}
        </button>
      </div>
      {paid && text.trim() && !stoppable && <Price price={text === priced ? price : ""} onAsk={askPrice} />}
      {!conversation && text && <PrefetchPageLinks page="/c/next" />}
      <span className="visually-hidden" role="status">{sending ? say("composer.sending") : ""}</span>
    </form>
  );
}

export function Example({ text }) {
  const send = () => window.dispatchEvent(new CustomEvent(EXAMPLE, { detail: text }));
  return (
    <button type="button" className="example" onClick={send}>
      {text}
    </button>
  );
}
