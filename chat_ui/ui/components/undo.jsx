// The bar that stands for a while after something was deleted. It waits as long as somebody is at it.
import { useEffect, useRef, useState } from "react";
import { announce } from "./announcements.js";
import { isFocusAdrift } from "./focus.js";
import { X } from "./icons.jsx";
import { say } from "./words.js";

const STANDS_FOR_MS = 10_000;

function Bar({ offer, words, onUndo, onLetGo }) {
  const [held, setHeld] = useState(false);
  const undo = useRef(null);
  useEffect(() => {
    // What was deleted took the focus along. On a page that was loaded anew nobody has done anything yet.
    const isAwaited = navigator.userActivation?.hasBeenActive !== false;
    if (isFocusAdrift() && isAwaited) undo.current.focus({ preventScroll: true });
  }, []);
  // A live region that comes with its words is passed over by many screen readers.
  useEffect(() => announce(words), []);
  useEffect(() => {
    if (held) return undefined;
    const timer = setTimeout(() => onLetGo(offer), STANDS_FOR_MS);
    return () => clearTimeout(timer);
  }, [held]);
  const hold = (event) => setHeld(event.type === "mouseenter" || event.target.matches(":focus-visible"));
  const release = () => setHeld(false);
  // What was deleted before it has then come under the pointer: the second click of two was not for that.
  const onClick = (event) => event.detail > 1 || onUndo(offer);
  return (
    <div className="undo" onMouseEnter={hold} onMouseLeave={release} onFocus={hold} onBlur={release}>
      <span>{words}</span>
      <button ref={undo} type="button" className="text-button" onClick={onClick}>
        {say("undo")}
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={say("undo.dismiss")}
        title={say("undo.dismiss")}
        onClick={() => onLetGo(offer)}
      >
        <X />
      </button>
    </div>
  );
}

export function UndoBar({ offer, ...rest }) {
  return offer ? <Bar key={offer} offer={offer} {...rest} /> : null;
}
