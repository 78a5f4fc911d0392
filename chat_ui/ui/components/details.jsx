// What is known of how an answer came about, behind one line. It lies over the page and moves nothing in it; it is
// asked for when it is first opened, because no list of messages needs it. Who answered is a text beside the button:
// in the button's name, it would make one more that is called after a model.
import { useId, useLayoutEffect, useRef, useState } from "react";
import { ChevronDown } from "./icons.jsx";
import { useText } from "./texts.js";
import { say } from "./words.js";

const GAP_PX = 6;
const EDGE_PX = 8;
const STILL_PX = 2;

// Above the line if there is room, else below it.
function place(panel, line) {
  const { left, top, bottom } = line.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const above = top - height - GAP_PX;
  const below = Math.min(bottom + GAP_PX, innerHeight - height - EDGE_PX);
  panel.style.top = `${above >= EDGE_PX ? above : Math.max(EDGE_PX, below)}px`;
  panel.style.left = `${Math.max(EDGE_PX, Math.min(left, innerWidth - width - EDGE_PX))}px`;
}

export function Details({ messageId, note, figures, onOpen }) {
  const { details } = useText(messageId);
  const [open, setOpen] = useState(false);
  const line = useRef(null);
  const panel = useRef(null);
  const id = useId();
  useLayoutEffect(() => {
    if (!open) return undefined;
    place(panel.current, line.current);
    const { top } = line.current.getBoundingClientRect();
    const close = () => panel.current.hidePopover();
    // The log scrolls as an answer grows, too; what is read stays in its place then.
    const closeIfMoved = () => {
      if (Math.abs(line.current.getBoundingClientRect().top - top) > STILL_PX) close();
    };
    addEventListener("resize", close);
    addEventListener("scroll", closeIfMoved, true);
    return () => {
      removeEventListener("resize", close);
      removeEventListener("scroll", closeIfMoved, true);
    };
  }, [open, details]);
  const onToggle = ({ newState }) => {
    setOpen(newState === "open");
    if (newState === "open" && !details) onOpen(messageId);
  };
  // Its arrow alone, with no name of a model before it, would say nothing.
  const shown = figures || (note ? "" : say("details"));
  return (
    <>
      <span ref={line} className="facts-line">
        <span className="note" title={note}>{note}</span>
        <button
          type="button"
          className="small-button facts-button"
          aria-label={figures ? say("details.of", { figures }) : say("details")}
          title={say("details")}
          aria-expanded={open}
          popoverTarget={id}
        >
          {shown && <span>{shown}</span>}
          <ChevronDown />
        </button>
      </span>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="group"
        aria-label={say("details")}
        className="facts"
        onToggle={onToggle}
      >
        {details ? (
          <dl>
            {details.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd dir="auto">{value}</dd>
              </div>
            ))}
          </dl>
        ) : (
          <p className="meta">{say("details.wait")}</p>
        )}
      </div>
    </>
  );
}
