// How full the model's window is: a ring, and behind it the figures and the rule.
import { Popover } from "./popover.jsx";

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
  const label = most ? `Context: ${Math.round(share * 100)} % used` : "Context: size unknown";
  return (
    <Popover label={label} face={<Ring share={share} />} buttonClass="icon-button" panelClass="gauge">
      <p>
        <strong>{`About ${counted(tokens)} tokens`}</strong>
        {most ? ` of ${counted(most)} that the model reads` : ""}
      </p>
      <p className="meta">
        {most
          ? "The next message is sent with all of this. Where a chat outgrows the model, its oldest questions are left out with their answers, as a whole; what the model is told first always stays, and room is kept for the answer."
          : "The gateway doesn't say how much this model reads, so nothing is left out."}
      </p>
      {leftOut > 0 && <p className="meta">{`${counted(leftOut)} messages are left out by now; a line in the chat shows where.`}</p>}
    </Popover>
  );
}
