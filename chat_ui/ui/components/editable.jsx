// A message, or the field in which it is reworded. What is typed there is kept like any other draft until the
// server has said that it is stored.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useConversation } from "./address.js";
import { draftAt, keepDraft } from "./drafts.js";
import { edit, useEditing } from "./editing.js";
import { tooLong } from "./lengths.js";
import { modelToAsk } from "./model_choice.jsx";
import { forgive, post, useOutbox, withdraw } from "./outbox.js";
import { readText } from "./texts.js";
import { say } from "./words.js";

export function focusComposer() {
  if (!window.matchMedia("(hover: hover)").matches) return;
  document.querySelector(".composer textarea")?.focus({ preventScroll: true });
}

function focusEditButton(messageId) {
  const article = document.querySelector(`article[data-message-id="${messageId}"]`);
  requestAnimationFrame(() => article?.querySelector('[aria-keyshortcuts="E"]')?.focus());
}

function Editor({ messageId, role, maxChars, onSend, onReword }) {
  const place = `edit:${messageId}`;
  const conversation = useConversation();
  const [text, setText] = useState(() => draftAt(place) || readText(messageId).text);
  const { sending, refusal } = useOutbox(place);
  const [complaint, setComplaint] = useState("");
  const posted = useRef(false);
  const field = useRef(null);
  const isQuestion = role === "user";

  useEffect(() => {
    const { current } = field;
    current.focus();
    current.setSelectionRange(current.value.length, current.value.length);
    // With the buttons beneath it.
    current.form.scrollIntoView({ block: "nearest" });
  }, []);
  useLayoutEffect(() => {
    field.current.style.height = "auto";
    field.current.style.height = `${field.current.scrollHeight}px`;
  }, [text]);
  const close = () => {
    keepDraft(place, "");
    forgive(place);
    edit("");
  };
  useEffect(() => {
    if (!posted.current || sending) return;
    posted.current = false;
    if (refusal) return;
    close();
    focusComposer();
  }, [sending, refusal]);

  const cancel = () => {
    posted.current = false;
    withdraw(place);
    close();
    focusEditButton(messageId);
  };
  const submit = () => {
    if (!text.trim() || sending) return;
    if (!isQuestion && text === readText(messageId).text) {
      cancel();
      return;
    }
    const problem = tooLong("composer.too_long", text, maxChars);
    setComplaint(problem);
    if (problem) return;
    posted.current = true;
    const asked = { text, replaces: messageId, conversation_id: conversation, ...modelToAsk() };
    post(place, isQuestion ? asked : { text, message_id: messageId }, isQuestion ? onSend : onReword);
  };
  const onKeyDown = (event) => {
    const composing = event.nativeEvent.isComposing || event.keyCode === 229;
    // Those keys are the input method's own: Escape closes its candidates.
    if (composing) return;
    if (event.key === "Escape") cancel();
    else if (event.key !== "Enter" || event.shiftKey) return;
    else if (isQuestion || event.ctrlKey || event.metaKey) submit();
    else return;
    event.preventDefault();
  };
  return (
    <form
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={field}
        dir="auto"
        aria-label={say("edit.field")}
        value={text}
        readOnly={sending}
        onChange={(event) => {
          setText(event.target.value);
          keepDraft(place, event.target.value);
          setComplaint("");
          if (refusal) forgive(place);
        }}
        onKeyDown={onKeyDown}
      />
      {(complaint || refusal) && <p className="notice" role="alert">{complaint || refusal}</p>}
      <div className="editor-foot">
        <p className="meta">
          {isQuestion ? say("edit.asks") : say("edit.keeps")}
        </p>
        <div className="editor-buttons">
          <button type="button" className="button quiet" onClick={cancel}>{say("cancel")}</button>
          <button className="button primary" disabled={!text.trim() || sending}>
            {isQuestion ? say("edit.send") : say("edit.save")}
          </button>
        </div>
      </div>
    </form>
  );
}

export function Editable({ children, ...message }) {
  return useEditing() === message.messageId ? <Editor key={message.messageId} {...message} /> : children;
}
