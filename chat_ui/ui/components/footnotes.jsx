// Footnotes of one answer: a mark in the text leads to its note and the note leads back, whatever other answers call
// theirs. Markdown's own footnotes need all of a text at once, and an answer has them before it has their notes.
import { createContext, useContext } from "react";
import { say } from "./words.js";

const MARK = /\[\^([^\]\s]{1,80})\]/g;
const MOST_DRAWN = 100;
const ADDRESS = "#footnote-";

export const Footnotes = createContext({ id: "", numbers: new Map(), noted: new Set(), streaming: false });

const noteId = (id, label) => `note-${id}-${encodeURIComponent(label)}`;

// A remark plugin: marks become links that FootnoteMark draws.
export function remarkFootnoteMarks() {
  return function mark(node) {
    if (node.type === "link" || !node.children) return;
    node.children = node.children.flatMap((child) => (child.type === "text" ? marksIn(child) : [child]));
    node.children.forEach(mark);
  };
}

function marksIn({ value }) {
  return value.split(MARK).flatMap((part, index) => {
    if (index % 2 === 0) return part ? [{ type: "text", value: part }] : [];
    const url = ADDRESS + encodeURIComponent(part);
    return [{ type: "link", url, children: [{ type: "text", value: part }] }];
  });
}

export function footnoteLabel(href) {
  if (!href?.startsWith(ADDRESS)) return null;
  try {
    return decodeURIComponent(href.slice(ADDRESS.length));
  } catch {
    return null;
  }
}

// The page's address stays as it is: it names the conversation, not a place in it.
function goTo(event, place) {
  event.preventDefault();
  place?.scrollIntoView({ block: "center" });
  place?.focus({ preventScroll: true });
}

const goToNote = (event) => goTo(event, document.getElementById(event.currentTarget.hash.slice(1)));

// Several marks may lead to a note; the first one is where it leads back to.
const goToMark = (event) => {
  const note = event.currentTarget.closest("li").id;
  goTo(event, document.querySelector(`.footnote-mark[href="#${CSS.escape(note)}"]`));
};

export function FootnoteMark({ label }) {
  const { id, numbers, noted, streaming } = useContext(Footnotes);
  const number = numbers.get(label);
  if (!noted.has(label)) {
    // Its note may yet come; nobody writes a number like this and means something else.
    const isMark = /^\d+$/.test(label) || (streaming && /^\w+$/.test(label));
    return isMark ? <sup>{number ?? label}</sup> : `[^${label}]`;
  }
  return (
    <sup>
      <a
        href={`#${noteId(id, label)}`}
        aria-label={say("footnote", { number })}
        className="footnote-mark"
        onClick={goToNote}
      >
        {number}
      </a>
    </sup>
  );
}

export function FootnoteList({ notes, draw }) {
  const { id, numbers } = useContext(Footnotes);
  if (notes.length === 0) return null;
  const inOrder = [...notes].sort((one, other) => numbers.get(one.label) - numbers.get(other.label));
  return (
    <section className="footnotes" aria-label={say("footnotes")}>
      <ol>
        {inOrder.map(({ label, text }, index) => (
          <li key={label} id={noteId(id, label)} value={numbers.get(label)} tabIndex={-1}>
            {index < MOST_DRAWN ? draw(text) : <p>{text}</p>}
            <a
              href={`#${noteId(id, label)}`}
              aria-label={say("footnote.back")}
              className="footnote-back"
              onClick={goToMark}
            >
              ↩
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}
