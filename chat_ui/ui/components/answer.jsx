// What a message says: an answer as markdown while it streams, a person's words as they were typed.
import { useEffect, useState } from "react";
import { useEased } from "./easing.js";
import { Markdown } from "./markdown.jsx";
import { Reasoning } from "./reasoning.jsx";
import { useText, useTextEvery, useTextToDraw } from "./texts.js";
import { ToolCalls } from "./tool_calls.jsx";
import { say } from "./words.js";

const ASK_AGAIN_MS = 2000;
const SHOW_SECONDS_FROM = 3;
const COUNT_EVERY_MS = 500;

// Texts come apart from the list of messages: ask again for one that came with a hole or not at all,
// until it is here.
function useWhole(messageId, entry, short, onGap) {
  const lacking = entry.gap || short;
  useEffect(() => {
    if (!lacking) return undefined;
    if (entry.gap) onGap(messageId);
    const timer = setInterval(() => onGap(messageId), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [messageId, entry.gap, lacking]);
}

export function Answer({ messageId, status, cut, chars, onGap }) {
  const entry = useTextToDraw(messageId);
  const streaming = status === "streaming" && !entry.ended;
  const isThinking = streaming && !entry.text && !entry.tool_calls;
  const { text, growing, smooth } = useEased(entry.text, streaming);
  const blank = !entry.text && !entry.reasoning && !entry.tool_calls;
  useWhole(messageId, entry, !streaming && entry.points.text < chars, onGap);
  if (blank) return streaming ? <Waiting wait={entry.wait} /> : null;
  return (
    <>
      {entry.reasoning && (
        <Reasoning id={messageId} text={entry.reasoning} time={entry.thought} thinking={isThinking} />
      )}
      {text && (
        <Markdown
          id={messageId}
          text={text}
          streaming={growing}
          grows={growing && !smooth}
          // How it ended comes a moment after the end.
          cut={cut || status === "streaming"}
        />
      )}
      {entry.tool_calls && <ToolCalls log={entry.tool_calls} streaming={streaming} />}
    </>
  );
}

// What a token is differs by model; four letters each is the usual estimate, until the gateway has counted.
export function Counter({ messageId }) {
  const { points } = useTextEvery(COUNT_EVERY_MS, messageId);
  const tokens = Math.round((points.text + points.reasoning + points.tool_calls) / 4);
  return (
    <span className="meta counting">
      {tokens > 0 && say("answer.tokens", { tokens: tokens.toLocaleString("en-US") })}
    </span>
  );
}

function countdown({ until, why, paying }) {
  if (paying) return paying;
  if (until === null) return say("answer.queued", { why });
  const left = Math.ceil((until - Date.now()) / 1000);
  return left > 0 ? say("answer.retry", { why, left }) : "";
}

function Waiting({ wait }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((past) => past + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const until = wait && countdown(wait);
  if (until) {
    return (
      <p className="waiting">
        <span className="pulse" aria-hidden="true" />
        <span className="meta counting">{until}</span>
      </p>
    );
  }
  return (
    <p className="waiting">
      <span className="pulse" aria-hidden="true" />
      <span className={seconds >= SHOW_SECONDS_FROM ? "meta counting" : "visually-hidden"}>
        {seconds >= SHOW_SECONDS_FROM ? say("answer.waiting.seconds", { seconds }) : say("answer.waiting")}
      </span>
    </p>
  );
}

export function Words({ messageId, chars, onGap }) {
  const entry = useText(messageId);
  useWhole(messageId, entry, entry.points.text < chars, onGap);
  return <p className="words" dir="auto">{entry.text}</p>;
}
