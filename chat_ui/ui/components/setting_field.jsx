// One setting. What is typed counts as soon as the field is left, or Enter is pressed in it.
import { useEffect, useId, useRef, useState } from "react";
import { ChevronDown } from "./icons.jsx";
import { tooLong } from "./lengths.js";
import { choose, chosen, usePlace } from "./settings_outbox.js";
import { say } from "./words.js";

const LINES = { system: 4, stop: 2 };

const shownDefault = (text) => (text ? text.replaceAll("\n", " · ") : "");

export function SettingField({ scope, name, label, hint, value, fallback, unset, error, choices, longest, onKeep }) {
  const place = usePlace(scope);
  const [text, setText] = useState(chosen(place, name) ?? value);
  const settled = useRef(text);
  const [complaint, setComplaint] = useState("");
  const problem = complaint || error;
  const field = useRef(null);
  const id = useId();
  const settle = (next) => {
    settled.current = next;
    setText(next);
  };
  // Changed in another tab, or reset; not under somebody's hands, nor over what could not be kept.
  useEffect(() => {
    const isBeingTyped = document.activeElement === field.current && (error || text !== settled.current);
    if (!complaint && !isBeingTyped) settle(chosen(place, name) ?? value);
  }, [value]);
  const send = (wanted) => {
    settle(wanted);
    choose(place, name, wanted);
    onKeep(place, name, wanted);
  };
  const keep = (wanted) => {
    const tooMuch = tooLong("chat_settings.too_long", wanted, longest);
    setComplaint(tooMuch);
    if (tooMuch) return;
    const counts = chosen(place, name) ?? value;
    if (error || ![settled.current, counts].includes(wanted)) send(wanted);
    else settle(counts);
  };
  // The button goes with the difference: the focus moves to what it was about.
  const reset = () => {
    setComplaint("");
    send("");
    field.current.focus();
  };
  const differs = value !== "" && value !== fallback;
  const placeholder = shownDefault(fallback) || unset;
  const shared = {
    ref: field,
    id,
    value: text,
    "aria-invalid": Boolean(problem),
    "aria-describedby": `${id}-more`,
    onChange: (event) => setText(event.target.value),
    onBlur: () => keep(text),
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) keep(text);
  };
  return (
    <div className="setting" data-differs={differs}>
      <div className="setting-head">
        <label htmlFor={id}>{label}</label>
        {differs && (
          <button
            type="button"
            className="link-button meta"
            aria-label={say("chat_settings.reset_of", { label })}
            onClick={reset}
          >
            {say("chat_settings.reset")}
          </button>
        )}
      </div>
      {choices.length > 0 ? (
        <span className="select">
          <select {...shared} onChange={(event) => { setText(event.target.value); keep(event.target.value); }}>
            <option value="">{placeholder}</option>
            {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
          </select>
          <ChevronDown />
        </span>
      ) : LINES[name] ? (
        <textarea {...shared} rows={LINES[name]} dir="auto" placeholder={placeholder} />
      ) : (
        <input {...shared} inputMode="decimal" autoComplete="off" placeholder={placeholder} onKeyDown={onKeyDown} />
      )}
      <p id={`${id}-more`} className={problem ? "meta danger" : "meta"} role={problem ? "alert" : undefined}>
        {problem || (differs && fallback ? say("chat_settings.default", { value: shownDefault(fallback) }) : hint)}
      </p>
    </div>
  );
}
