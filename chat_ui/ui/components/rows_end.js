// The end of a table that grows by rows of words: they are put where the last ones stand. The parser would read all of
// the table for each of its cells.
import { LentText } from "./lent_text.js";
import { arePlain } from "./words_end.js";

// A row is drawn once there is more of it than how it begins.
const WAITS = /^\|?\s*$/;

// What the cells of a row say, as far as it is written; null where that isn't plain.
function cellsOf(line) {
  const [before, ...cells] = line.trimEnd().replace(/(?!^)\|$/, "").split("|");
  const said = cells.map((cell) => cell.trim());
  return before === "" && cells.length > 0 && said.every(arePlain) ? said : null;
}

// Not by cutting all of a text into lines, which may be long.
const lineBefore = (text, begins) => text.slice(text.lastIndexOf("\n", begins - 2) + 1, begins - 1);

// By what tables have grown since the parser read them.
const grown = new WeakMap();

export const grownSince = (table) => grown.get(table) ?? "";

const says = (row, cells) =>
  cells !== null && [...row.cells].every((cell, index) => cell.textContent === (cells[index] ?? ""));

export class RowsEnd {
  #table;
  #row;
  #isSure = false;
  #added = new Set();
  #lent = new Map();

  constructor(table) {
    this.#table = table;
    this.#row = table.rows[table.rows.length - 1];
  }

  // Draws what a text has grown by; whether that could be done here.
  grow(text, grownBy) {
    const begins = text.lastIndexOf("\n") + 1;
    const last = text.slice(begins);
    const isBegun = !WAITS.test(last);
    this.#isSure ||= says(this.#row, cellsOf(isBegun ? last : lineBefore(text, begins)));
    if (!this.#isSure || !this.#row.isConnected) return false;
    const lines = (last + grownBy).split("\n");
    if (WAITS.test(lines.at(-1))) lines.pop();
    const rows = lines.map(cellsOf);
    if (!rows.every((cells) => cells && cells.length <= this.#row.cells.length)) return false;
    rows.forEach((cells, index) => this.#draw(cells, isBegun && index === 0));
    grown.set(this.#table, (grown.get(this.#table) ?? text.slice(text.trimEnd().length)) + grownBy);
    return true;
  }

  // React draws what was added, and doesn't know of it.
  end() {
    this.#lent.forEach((text) => text.giveBack());
    this.#added.forEach((node) => node.remove());
    grown.delete(this.#table);
  }

  #draw(cells, isBegun) {
    if (!isBegun) this.#addRow();
    for (const [index, words] of cells.entries()) {
      const cell = this.#row.cells[index];
      const more = words.slice(cell.textContent.length);
      if (more && cell.hasChildNodes()) this.#writerOf(cell.lastChild).appendData(more);
      // Two of them: one that is alone React would take for its own, and write to.
      else if (more) cell.append(this.#noted(new Text("")), this.#noted(new Text(more)));
    }
  }

  #writerOf(node) {
    if (this.#added.has(node)) return node;
    if (!this.#lent.has(node)) this.#lent.set(node, new LentText(node));
    return this.#lent.get(node);
  }

  #addRow() {
    const row = this.#noted(this.#row.cloneNode(true));
    for (const cell of row.cells) cell.replaceChildren();
    this.#row.after(row);
    this.#row = row;
  }

  #noted(node) {
    this.#added.add(node);
    return node;
  }
}
