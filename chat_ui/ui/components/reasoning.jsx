// What a model thought before it answered. Folded it is one line, which tells the newest words while it thinks, and
// stays one line when it has thought: nothing below it moves but by the reader's own hand.
import { useEffect, useReducer, useState } from "react";
import { choose, isChosen } from "./choices.js";
import { ChevronRight } from "./icons.jsx";
import { Markdown } from "./markdown.jsx";
import { say } from "./words.js";

const NEWEST_CHARS = 160;

function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return say("time.seconds", { seconds });
  return say("time.minutes", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
}

function newestWords(text) {
  const end = text.slice(-NEWEST_CHARS).trimEnd();
  const line = end.slice(end.lastIndexOf("\n") + 1).replace(/[*_`#>]+/g, "").trim();
  return text.length > NEWEST_CHARS && line.length === end.length ? line.slice(line.indexOf(" ") + 1) : line;
}

function Elapsed({ from }) {
  const [, again] = useReducer((times) => times + 1, 0);
  useEffect(() => {
    const timer = setInterval(again, 1000);
    return () => clearInterval(timer);
  }, []);
  const passed = Date.now() - from;
  return passed < 1000 ? null : say("thoughts.elapsed", { time: duration(passed) });
}

function Headline({ time, thinking }) {
  if (thinking) return <>{say("thoughts.now")}{time && <Elapsed from={time.from} />}</>;
  return time?.ms === undefined ? say("thoughts") : say("thoughts.took", { time: duration(time.ms) });
}

// Whoever opens thoughts finds the next ones open; those that are there already stay as they are.
export function Reasoning({ id, text, time, thinking }) {
  const [open, setOpen] = useState(() => isChosen("thoughts"));
  const toggle = (event) => {
    event.preventDefault();
    setOpen(!open);
    choose("thoughts", !open);
  };
  return (
    <details className="reasoning" open={open}>
      <summary onClick={toggle}>
        <ChevronRight />
        <span className={thinking ? "thinking" : undefined}>
          <Headline time={time} thinking={thinking} />
        </span>
        {thinking && !open && <span className="newest" aria-hidden="true" dir="auto">{newestWords(text)}</span>}
      </summary>
      {open && <Markdown id={`thoughts-${id}`} text={text} streaming={thinking} className="prose thoughts" />}
    </details>
  );
}
