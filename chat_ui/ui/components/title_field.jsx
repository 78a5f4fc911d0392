// A field for a title. Enter keeps what was typed, and so does leaving the field; Escape doesn't. It stays until the server
// has taken the title: what can't be kept, or not yet, is still there to be seen.
import { useEffect, useId, useRef } from "react";
import { tellUntilAnswered } from "./telling.js";
import { say } from "./words.js";

const nothing = () => {};

export function TitleField({ title, refusal, onKeep, onCancel }) {
  const field = useRef(null);
  const isDropped = useRef(false);
  const endedByKey = useRef(false);
  const stopTelling = useRef(nothing);
  const id = useId();
  useEffect(() => {
    const row = field.current.closest("li");
    field.current.focus();
    field.current.select();
    return () => {
      stopTelling.current();
      // The field goes; whoever ended it by a key then stands on the row that it belonged to.
      if (endedByKey.current) row.querySelector("a")?.focus();
    };
  }, []);
  useEffect(() => {
    if (refusal) stopTelling.current();
  }, [refusal]);
  const keep = (byKey) => {
    if (isDropped.current) return;
    endedByKey.current = byKey;
    stopTelling.current();
    const typed = field.current.value;
    stopTelling.current = tellUntilAnswered(() => onKeep(typed));
  };
  const drop = () => {
    isDropped.current = endedByKey.current = true;
    stopTelling.current();
    onCancel();
  };
  const onKeyDown = (event) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") keep(true);
    if (event.key === "Escape") drop();
  };
  return (
    <>
      <input
        ref={field}
        className="title-field"
        aria-label={say("title")}
        aria-invalid={Boolean(refusal)}
        aria-describedby={id}
        defaultValue={title}
        maxLength={200}
        onKeyDown={onKeyDown}
        onBlur={() => keep(false)}
      />
      <div id={id} role="alert">
        {refusal && <p className="notice">{refusal}</p>}
      </div>
    </>
  );
}
