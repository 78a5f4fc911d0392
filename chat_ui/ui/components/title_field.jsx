// A field for a title. Enter keeps what was typed, and so does leaving the field; Escape doesn't.
import { useEffect, useRef } from "react";
import { say } from "./words.js";

export function TitleField({ title, onKeep, onCancel }) {
  const field = useRef(null);
  const done = useRef(false);
  const endedByKey = useRef(false);
  useEffect(() => {
    const row = field.current.closest("li");
    field.current.focus();
    field.current.select();
    // The field goes; whoever ended it by a key then stands on the row that it belonged to.
    return () => {
      if (endedByKey.current) row.querySelector("a")?.focus();
    };
  }, []);
  const end = (keep, byKey = false) => {
    if (done.current) return;
    done.current = true;
    endedByKey.current = byKey;
    if (keep) onKeep(field.current.value);
    else onCancel();
  };
  const onKeyDown = (event) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") end(true, true);
    if (event.key === "Escape") end(false, true);
  };
  return (
    <input
      ref={field}
      className="title-field"
      aria-label={say("title")}
      defaultValue={title}
      maxLength={200}
      onKeyDown={onKeyDown}
      onBlur={() => end(true)}
    />
  );
}
