// Where a person writes. The draft stays in the browser, out of Reflex's state, until the server has said
// that the message is stored; then, and only then, it is cleared.
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useConversation } from "./address.js";
import { ConversationAhead } from "./ahead.jsx";
import { Queue, SendOrStop } from "./composer_buttons.jsx";
import { Field, focusOn, useDraft } from "./composer_field.jsx";
import { tooLong } from "./lengths.js";
import { modelToAsk, useNamedModel } from "./model_choice.jsx";
import { forgive, newId, post, useOutbox, watch } from "./outbox.js";
import { enqueue } from "./queue.js";
import { Queued } from "./queued.jsx";
import { say } from "./words.js";

const EXAMPLE = "chat-ui:example";
export const SENT = "chat-ui:sent";

// What began a conversation stays in sight until the page of that is there.
function useLeaving(conversation) {
  const [leaving, setLeaving] = useState("");
  const navigate = useNavigate();
  useEffect(
    () =>
      watch((from, to, words) => {
        if (from !== "" || conversation !== "") return;
        setLeaving(words);
        navigate(`/c/${to}`);
      }),
    [conversation],
  );
  return leaving;
}

// What stands in the field: a draft, or what was sent from here and is on its way.
function useWriting(conversation) {
  const outbox = useOutbox(conversation);
  const field = useRef(null);
  const [draft, keep] = useDraft(field, conversation, outbox);
  const leaving = useLeaving(conversation);
  const text = leaving || draft;
  useEffect(() => focusOn(field), [conversation]);
  const takeBack = (words) => {
    keep(text.trim() ? `${text}\n${words}` : words);
    field.current.focus();
  };
  return { field, text, keep, takeBack, isUnderway: outbox.sending || leaving !== "", refusal: outbox.refusal };
}

// What is wrong with what was to be sent, until something else is written; how to find out, and how to forget it.
function useComplaint(conversation, maxChars) {
  const [complaint, setComplaint] = useState("");
  const forget = () => setComplaint("");
  useEffect(forget, [conversation]);
  const isFit = (words) => {
    const problem = tooLong("composer.too_long", words, maxChars);
    setComplaint(problem);
    return words.trim() && !problem;
  };
  return [complaint, isFit, forget];
}

function useExamples(onExample) {
  useEffect(() => {
    const send = (event) => onExample(event.detail);
    window.addEventListener(EXAMPLE, send);
    return () => window.removeEventListener(EXAMPLE, send);
  });
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

// What can become of a text that is written: it is sent, waits for the end of an answer, or is asked the price of.
function useSending({ conversation, parent, text, isUnderway, keep, stoppable, maxChars, onPrice, onSend, onStop }) {
  const [complaint, isFit, forgetComplaint] = useComplaint(conversation, maxChars);
  const [priced, setPriced] = useState("");
  const draftOf = (words) => ({ text: words, parent_id: parent, ...modelToAsk() });
  const submit = (words) => {
    if (stoppable || isUnderway || !isFit(words)) return;
    post(conversation, draftOf(words), onSend);
    window.dispatchEvent(new Event(SENT));
  };
  // While an answer is being written, what is sent waits for its end, or ends it.
  const queue = (interrupts) => {
    if (!isFit(text)) return;
    enqueue(conversation, { id: newId(), text, now: interrupts });
    keep("");
    if (interrupts) onStop(stoppable);
  };
  const askPrice = () => {
    if (!isFit(text)) return;
    setPriced(text);
    onPrice({ ...draftOf(text), id: newId(), conversation_id: conversation });
  };
  return { complaint, forgetComplaint, draftOf, submit, queue, askPrice, isPriced: text === priced };
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
  const stoppable = settled ? running : "";
  const parent = settled ? leaf : "";
  const { field, text, keep, takeBack, isUnderway, refusal } = useWriting(conversation);
  const writing = { conversation, parent, text, isUnderway, keep, stoppable };
  const sending = useSending({ ...writing, maxChars, onPrice, onSend, onStop });
  const { complaint, forgetComplaint, draftOf, submit, queue, askPrice, isPriced } = sending;
  useExamples(submit);
  useNamedModel(gateway, model, heard, conversation);

  const onSubmit = (event) => {
    event.preventDefault();
    if (stoppable) onStop(stoppable);
    else submit(text);
    focusOn(field);
  };
  const onWrite = (words) => {
    keep(words);
    forgetComplaint();
    if (refusal) forgive(conversation);
  };

  const notice = complaint || refusal;
  return (
    <form className="composer" onSubmit={onSubmit}>
      <Queued
        {...{ conversation, settled, running: stoppable, ended, draftOf, onSend, onStop }}
        onTakeBack={takeBack}
      />
      {notice && <p className="notice" role="alert">{notice}</p>}
      <div className="composer-box" data-sending={isUnderway}>
        <Field {...{ field, text, isUnderway, onWrite }} onEnter={stoppable ? queue : () => submit(text)} />
        {stoppable && text.trim() && <Queue onClick={() => queue(false)} />}
        <SendOrStop {...{ stoppable, text, isUnderway }} />
      </div>
      {paid && text.trim() && !stoppable && <Price price={isPriced ? price : ""} onAsk={askPrice} />}
      {!conversation && text && <ConversationAhead />}
      <span className="visually-hidden" role="status">{isUnderway ? say("composer.sending") : ""}</span>
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
