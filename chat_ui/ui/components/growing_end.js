// The end of an answer that grows by words (see words_end.js), by rows of a table (see rows_end.js), or by code within a
// line: they are put where the last ones stand. Most of an answer comes that way, and costs no parser and no React.
// Whatever may mean more is left to them; they draw all of the text, in the same elements, and find there what they would
// have put there.
import { useLayoutEffect } from "react";
import { RowsEnd } from "./rows_end.js";
import { onGrowth, redraw } from "./texts.js";
import { WordsEnd } from "./words_end.js";

const MARKS_IN_CODE = /[\r\n`~]/;
const COLOR_AFTER_MS = 120;

// Where code goes on: before the break of its last line.
function endOfCode(block, text) {
  const line = block.querySelector("pre code")?.lastElementChild?.lastElementChild;
  const written = text.slice(text.lastIndexOf("\n") + 1);
  return line && written && line.textContent === `${written}\n` ? line.lastChild : null;
}

class CodeEnd {
  #id;
  #block;
  #node = null;
  #coloring = 0;

  constructor(block, id) {
    [this.#block, this.#id] = [block, id];
  }

  grow(text, fresh) {
    if (MARKS_IN_CODE.test(fresh)) return false;
    this.#node ??= endOfCode(this.#block, text);
    if (!this.#node?.isConnected) return false;
    this.#node.insertData(this.#node.length - 1, fresh);
    this.#coloring ||= setTimeout(redraw, COLOR_AFTER_MS, this.#id);
    return true;
  }

  end() {
    clearTimeout(this.#coloring);
  }
}

function endOf(kind, block, id) {
  if (kind === "code") return new CodeEnd(block, id);
  const table = block.querySelector(":scope > .table table");
  return table === null ? new WordsEnd(block) : new RowsEnd(table);
}

// Args: whose text it is, the element that holds its blocks, what of it is drawn, and what its end is part of:
// "words", in a table or not, "code", or null for what only a parser can go on with.
export function useGrowingEnd(id, element, text, kind) {
  useLayoutEffect(() => {
    if (kind === null) return undefined;
    const block = element.current.querySelector(":scope > div:last-of-type");
    if (block === null) return undefined;
    const end = endOf(kind, block, id);
    let drawn = text;
    const forget = onGrowth(id, (grown) => {
      const isDrawn = end.grow(drawn, grown.slice(drawn.length));
      if (isDrawn) drawn = grown;
      return isDrawn;
    });
    return () => {
      forget();
      end.end();
    };
  });
}
