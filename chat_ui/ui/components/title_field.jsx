// A field for a title. Enter keeps what was typed, and so does leaving the field; Escape doesn't.
import { useEffect, useRef } from "react";

export function TitleField({ title, onKeep, onCancel }) {
  const field = useRef(null);
  const done = useRef(false);
  useEffect(() => field.current.select(), []);
  const end = (keep) => {
    if (done.current) return;
    done.current = true;
    if (keep) onKeep(field.current.value);
    else onCancel();
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) end(true);
    if (event.key === "Escape") end(false);
  };
  return (
    <input
      ref={field}
      className="title-field"
      aria-label="Title"
      defaultValue={title}
      maxLength={200}
      onKeyDown={onKeyDown}
      onBlur={() => end(true)}
    />
  );
}
