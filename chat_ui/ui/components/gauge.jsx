// How full the model's window is: a ring, and behind it the figures and the rule.
import { Popover } from "./popover.jsx";
import { say } from "./words.js";

const ROUND = 2 * Math.PI * 6;
const counted = (number) => number.toLocaleString("en-US");

function Ring({ share }) {
  return (
    <svg className="gauge-ring" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" data-full={share > 0.85}>
      <circle cx="8" cy="8" r="6" />
      <circle cx="8" cy="8" r="6" strokeDasharray={`${share * ROUND} ${ROUND}`} transform="rotate(-90 8 8)" />
    </svg>
  );
}

export function Gauge({ tokens, window: most, leftOut }) {
  if (!tokens) return null;
  const share = most ? Math.min(1, tokens / most) : 0;
  const label = most ? say("gauge", { percent: Math.round(share * 100) }) : say("gauge.unknown");
  return (
    <Popover label={label} face={<Ring share={share} />} buttonClass="icon-button" panelClass="gauge">
      <p>
        <strong>{say("answer.tokens", { tokens: counted(tokens) })}</strong>
        {most ? ` ${say("gauge.of", { most: counted(most) })}` : ""}
      </p>
      <p className="meta">
        {most ? say("gauge.rule") : say("gauge.no_rule")}
      </p>
      {leftOut > 0 && <p className="meta">{say("gauge.left_out", { count: counted(leftOut) })}</p>}
    </Popover>
  );
}
