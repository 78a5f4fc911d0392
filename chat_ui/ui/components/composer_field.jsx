// The field in which a person writes, and the draft that stands in it.
import { useEffect, useLayoutEffect, useState } from "react";
import { draftAt, keepDraft } from "./drafts.js";
import { editLastQuestion } from "./editing.js";
import { isTouch } from "./screen.js";
import { say } from "./words.js";

export function focusOn(field) {
  if (!isTouch()) field.current.focus({ preventScroll: true });
}

export function useDraft(field, conversation, outbox) {
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

// `onEnter` is told whether a key was held with it that makes it more pressing.
export function Field({ field, text, isUnderway, onWrite, onEnter }) {
  useHeightOf(field, text);
  const onKeyDown = (event) => {
    const composing = event.nativeEvent.isComposing || event.keyCode === 229;
    if (event.key === "ArrowUp" && !text && !composing && editLastQuestion()) event.preventDefault();
    // A phone's keyboard has no Shift+Enter: there Enter breaks the line, and the button sends.
    if (event.key !== "Enter" || event.shiftKey || composing || isTouch()) return;
    event.preventDefault();
    onEnter(event.ctrlKey || event.metaKey);
  };
  return (
    <textarea
      ref={field}
      rows={1}
      dir="auto"
      aria-label={say("composer")}
      aria-keyshortcuts="M"
      placeholder={say("composer.placeholder")}
      value={text}
      readOnly={isUnderway}
      onChange={(event) => onWrite(event.target.value)}
      onKeyDown={onKeyDown}
    />
  );
}
