// The end of an answer that grows by nothing but words, or by code within a line: they are put where the last ones
// stand. Most of an answer comes that way, and costs no parser and no React. Whatever may mean more is left to them;
// they draw all of the text, in the same elements, and find there what they would have put there.
import { useLayoutEffect } from "react";
import { onGrowth, redraw } from "./texts.js";

const WORDS = /^[\p{L}\p{M}\p{N}\s.,;?!'’"“”)…–—]*$/u;
const LAST_WORDS = /[\p{L}\p{M}\p{N} .,;?!'’"“”)…–—]{1,24}$/u;
const BREAK = /[\r\n]/;
const MARKS_IN_CODE = /[\r\n`~]/;
const MAY_BE_LINK = /www\.|@/;
// In an item of a list, it may yet begin another list.
const MAY_BE_NUMBER = /^\s*\d+[.)]?\s*$/;
const COLOR_AFTER_MS = 120;

const isText = (node) => node?.nodeType === Node.TEXT_NODE;

// Lists and quotes end with a break that nobody sees.
function lastText(element) {
  let node = element;
  while (node && !isText(node)) {
    node = node.lastChild;
    if (isText(node) && !node.data.trim()) node = node.previousSibling;
  }
  return node && !node.parentElement.closest("button") ? node : null;
}

// Where words go on: the last text of the last block, if it ends as the answer does.
function endOfWords(block, text) {
  const node = lastText(block);
  const words = LAST_WORDS.exec(text)?.[0].trim();
  return node && words && !MAY_BE_NUMBER.test(node.data) && node.data.trimEnd().endsWith(words) ? node : null;
}

// Where code goes on: before the break of its last line.
function endOfCode(block, text) {
  const line = block.querySelector("pre code")?.lastElementChild?.lastElementChild;
  const written = text.slice(text.lastIndexOf("\n") + 1);
  return line && written && line.textContent === `${written}\n` ? line.lastChild : null;
}

class GrowingEnd {
  #id;
  #block;
  #text;
  #kind;
  #node = null;
  #coloring = 0;

  constructor(id, block, text, kind) {
    [this.#id, this.#block, this.#text, this.#kind] = [id, block, text, kind];
  }

  // Draws what an answer has grown by; whether that could be done here.
  grow(text) {
    const fresh = text.slice(this.#text.length);
    const isDrawn = this.#kind === "code" ? this.#growCode(fresh) : this.#growWords(fresh);
    if (isDrawn) this.#text = text;
    return isDrawn;
  }

  end() {
    clearTimeout(this.#coloring);
  }

  #growWords(fresh) {
    const lastWord = this.#text.slice(-64).split(/\s/).at(-1);
    const spaces = /\s*$/.exec(this.#text)[0];
    if (!WORDS.test(fresh) || BREAK.test(spaces + fresh) || MAY_BE_LINK.test(lastWord + fresh)) return false;
    this.#node ??= endOfWords(this.#block, this.#text.trimEnd());
    if (!this.#node?.isConnected) return false;
    // Markdown drops the spaces at its end: they are drawn with what follows them.
    const words = fresh.trimEnd();
    if (words) this.#node.appendData(/\s$/.test(this.#node.data) ? words : spaces + words);
    return true;
  }

  #growCode(fresh) {
    if (MARKS_IN_CODE.test(fresh)) return false;
    this.#node ??= endOfCode(this.#block, this.#text);
    if (!this.#node?.isConnected) return false;
    this.#node.insertData(this.#node.length - 1, fresh);
    this.#coloring ||= setTimeout(redraw, COLOR_AFTER_MS, this.#id);
    return true;
  }
}

// Args: whose text it is, the element that holds its blocks, what of it is drawn, and what its end is part of:
// "words", "code", or null for what only a parser can go on with.
export function useGrowingEnd(id, element, text, kind) {
  useLayoutEffect(() => {
    if (kind === null) return undefined;
    const block = element.current.querySelector(":scope > div:last-of-type");
    if (block === null) return undefined;
    const end = new GrowingEnd(id, block, text, kind);
    const forget = onGrowth(id, (grown) => end.grow(grown));
    return () => {
      forget();
      end.end();
    };
  });
}
