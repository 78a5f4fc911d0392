// The end of an answer that grows by words (see words_end.js), by rows of a table (see rows_end.js), or by code: they
// are put where the last ones stand. Most of an answer comes that way, and costs no parser and no React.
// Whatever may mean more is left to them; they draw all of the text, in the same elements, and find there what they
// would have put there.
import { useLayoutEffect } from "react";
import { codeIn } from "./code_text.js";
import { RowsEnd } from "./rows_end.js";
import { onGrowth } from "./texts.js";
import { WordsEnd } from "./words_end.js";

const MAY_END_CODE = /[`~]/;
// Letters that are written from the right, and all others: enough of either turn a block around (see markdown.jsx).
const FROM_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const FROM_LEFT = /[^\P{L}\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u;

class CodeEnd {
  #code;

  constructor(block) {
    this.#code = codeIn(block);
  }

  // The last break of a text waits for what follows it.
  grow(text, fresh) {
    if (MAY_END_CODE.test(fresh)) return false;
    const waited = text.endsWith("\n") ? "\n" : "";
    return this.#code.grow((waited + fresh).replace(/\n$/, ""));
  }

  end() {
    this.#code.end();
  }
}

// Code never does.
const mayTurn = (kind, block, fresh) => kind === "words" && (block.dir === "rtl" ? FROM_LEFT : FROM_RIGHT).test(fresh);

function endOf(kind, block) {
  if (kind === "code") return new CodeEnd(block);
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
    const end = endOf(kind, block);
    let drawn = text;
    const forget = onGrowth(id, (grown) => {
      const fresh = grown.slice(drawn.length);
      const isDrawn = !mayTurn(kind, block, fresh) && end.grow(drawn, fresh);
      if (isDrawn) drawn = grown;
      return isDrawn;
    });
    return () => {
      forget();
      end.end();
    };
  });
}
