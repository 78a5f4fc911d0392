// A table scrolls inside itself, and can be copied for a text and for a spreadsheet.
import { createContext, useContext, useRef } from "react";
import { CopyButton } from "./copy.jsx";
import { withOneDollar } from "./formulas.js";
import { plainText } from "./rich_text.js";
import { grownSince } from "./rows_end.js";
import { say } from "./words.js";

// The markdown that the block around a table was drawn from.
export const BlockText = createContext("");

// Without what a list or a quote around the table puts before its lines.
function sourceOf({ position }, text) {
  const source = text.slice(position.start.offset, position.end.offset);
  return withOneDollar(source.replace(/^[\s>]+/gm, ""));
}

const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function asCsv(table) {
  const rows = [...table.rows].map((row) => [...row.cells].map((cell) => quoted(plainText(cell))).join(","));
  return rows.join("\r\n") + "\r\n";
}

export function Table({ node, children }) {
  const table = useRef(null);
  const text = useContext(BlockText);
  const read = () => sourceOf(node, text) + grownSince(table.current);
  return (
    <div className="table">
      <div className="table-scroll" tabIndex={0} role="group" aria-label={say("table")}>
        <table ref={table}>{children}</table>
      </div>
      <div className="table-tools">
        <CopyButton label={say("table.copy.markdown")} face={say("table.markdown")} read={read} />
        <CopyButton label={say("table.copy.csv")} face={say("table.csv")} read={() => asCsv(table.current)} />
      </div>
    </div>
  );
}
