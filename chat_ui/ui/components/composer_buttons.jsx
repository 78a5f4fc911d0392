// The buttons beside the field: the one that sends, or stops the answer that is being written, and the one that queues.
import { useLayoutEffect, useRef } from "react";
import { ArrowUp, Square } from "./icons.jsx";
import { say } from "./words.js";

const TURNS_WITHIN_MS = 500;

// The button turns from Send into Stop under the pointer, and back. A click that was aimed at what it was a moment
// before does nothing: the second of a double click on Send, and one for Stop that comes just after the end. Whoever
// has written something since then means Send.
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

export function SendOrStop({ stoppable, text, isUnderway }) {
  const onAim = useAim(stoppable, text);
  const label = stoppable ? say("composer.stop") : say("composer.send");
  return (
    <button
      className="round"
      aria-label={label}
      aria-keyshortcuts={stoppable ? "." : undefined}
      title={label}
      disabled={!stoppable && (!text.trim() || isUnderway)}
      onClick={onAim}
    >
      {stoppable ? <Square /> : <ArrowUp />}
    </button>
  );
}

export function Queue({ onClick }) {
  return (
    <button
      type="button"
      className="round quiet"
      aria-label={say("composer.queue")}
      title={say("composer.queue.what")}
      onClick={onClick}
    >
      <ArrowUp />
    </button>
  );
}
