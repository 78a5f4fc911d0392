// Where a person writes. The draft stays here, out of Reflex's state, until the server has said that
// the message is stored; then, and only then, it is cleared.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import { refs } from "$/utils/state";
import { ArrowUp, Square } from "./icons.jsx";

const RESEND_AFTER_MS = 4000;
const EXAMPLE = "chat-ui:example";

// The address says which conversation the person sees; the state on the server may be a moment behind.
function useConversation() {
  return /^\/c\/([^/]+)/.exec(useLocation().pathname)?.[1] ?? "";
}

// A page served over plain http to another host has no crypto.randomUUID.
function newSendId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function useDraft(conversation) {
  const key = `chat-ui:draft:${conversation}`;
  const [text, setText] = useState("");
  useEffect(() => setText(localStorage.getItem(key) ?? ""), [key]);
  const keep = (next) => {
    setText(next);
    if (next) localStorage.setItem(key, next);
    else localStorage.removeItem(key);
  };
  return [text, keep];
}

// A lost connection loses what was sent over it. The same id sent twice is one message, so a send that
// nobody has answered is simply sent again.
function useSend(onSend, onStored) {
  const [pending, setPending] = useState(null);
  const [refusal, setRefusal] = useState("");
  useEffect(() => {
    refs["ref_composer"] = {
      current: {
        set value({ id, refused }) {
          setPending((sent) => {
            if (!sent || sent.id !== id) return sent;
            setRefusal(refused ?? "");
            if (!refused) onStored(sent);
            return null;
          });
        },
      },
    };
  });
  useEffect(() => {
    if (!pending) return undefined;
    const timer = setInterval(() => onSend(pending), RESEND_AFTER_MS);
    return () => clearInterval(timer);
  }, [pending]);
  const send = (draft) => {
    setPending(draft);
    setRefusal("");
    onSend(draft);
  };
  return { pending, refusal, setRefusal, send };
}

function tooLong(text, maxChars) {
  const count = text.length.toLocaleString("en-US");
  const most = maxChars.toLocaleString("en-US");
  return `This message has ${count} characters; at most ${most} can be sent. Shorten it or send it in parts: your text is kept here.`;
}

export function Composer({ leaf, model, gateway, running, maxChars, onSend, onStop }) {
  const conversation = useConversation();
  const [text, keep] = useDraft(conversation);
  const field = useRef(null);
  const { pending, refusal, setRefusal, send } = useSend(onSend, (sent) => {
    if (sent.text === text) keep("");
  });

  useLayoutEffect(() => {
    const area = field.current;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);
  useEffect(() => field.current.focus({ preventScroll: true }), [conversation]);

  const blank = !text.trim();
  const submit = (text) => {
    if (!text.trim() || pending || running) return;
    if (text.length > maxChars) {
      setRefusal(tooLong(text, maxChars));
      return;
    }
    send({ id: newSendId(), text, conversation_id: conversation, parent_id: leaf, gateway, model });
  };
  useEffect(() => {
    const onExample = (event) => submit(event.detail);
    window.addEventListener(EXAMPLE, onExample);
    return () => window.removeEventListener(EXAMPLE, onExample);
  });
  const onKeyDown = (event) => {
    const composing = event.nativeEvent.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    submit(text);
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit(text);
      }}
    >
      {refusal && <p className="notice" role="alert">{refusal}</p>}
      <div className="composer-box">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label="Message"
          placeholder="Ask anything"
          value={text}
          readOnly={Boolean(pending)}
          onChange={(event) => {
            keep(event.target.value);
            setRefusal("");
          }}
          onKeyDown={onKeyDown}
        />
        {running ? (
          <button type="button" className="round" aria-label="Stop" title="Stop" onClick={() => onStop(running)}>
            <Square />
          </button>
        ) : (
          <button type="submit" className="round" aria-label="Send" title="Send" disabled={blank || Boolean(pending)}>
            <ArrowUp />
          </button>
        )}
      </div>
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
