// The end of a paragraph, or of an item of a list, that grows by words, by what is strong, and by code among words:
// they are put where the last ones stand. Whatever may mean more than that is left to the parser.
import { LentText } from "./lent_text.js";
import { withoutWaiting } from "./unfinished.js";

const WORDS = /^[\p{L}\p{M}\p{N}\s.,:;?!'’"“”()…–—/%+=、。，：；？！（）「」『』-]*$/u;
const LAST_WORDS = /[\p{L}\p{M}\p{N} .,:;?!'’"“”()…–—/%+=、。，：；？！（）「」『』-]{1,24}$/u;
const BREAK = /[\r\n]/;
const MAY_BE_LINK = /www\.|@|\/\//;
// In an item of a list, it may yet begin another list.
const MAY_BE_NUMBER = /^\s*\d+[.)]?\s*$/;

const PARTS = /\*\*|[*`]|[^*`]+/g;
const LETTER = /[\p{L}\p{N}]/u;
const STRONG = {
  element: "STRONG",
  begins: (before, next) => /\s/.test(before) && LETTER.test(next),
  ends: (before, next) => LETTER.test(before) || (/\S/.test(before) && /\s/.test(next)),
};
const CODE = {
  element: "CODE",
  begins: (before, next) => /[\s(]/.test(before) && /[^\s`]/.test(next),
  ends: (before, next) => /[^\s`]/.test(before) && next !== "`",
};
const MARKS = new Map([["**", STRONG], ["`", CODE]]);
const HOLD_MARKS = new Set(["P", "LI"]);

// Whether a text is nothing but words.
export function arePlain(text) {
  return WORDS.test(text) && !MAY_BE_LINK.test(text);
}

const isText = (node) => node?.nodeType === Node.TEXT_NODE;

// Lists and quotes end with a break that nobody sees.
function lastText(element) {
  let node = element;
  while (node && !isText(node)) {
    node = node.lastChild;
    if (isText(node) && !node.data.trim()) node = node.previousSibling;
  }
  return node && !node.parentElement.closest("button, pre") ? node : null;
}

// Where words go on: the last text of a block, if it ends as the answer does.
function endOf(block, said) {
  const node = lastText(block);
  const words = LAST_WORDS.exec(said)?.[0].trim();
  return node && words && !MAY_BE_NUMBER.test(node.data) && node.data.trimEnd().endsWith(words) ? node : null;
}

// The element that a mark has begun around a text, null where none has; undefined where marks may mean something else.
function around({ parentElement: parent }) {
  if (HOLD_MARKS.has(parent.tagName)) return null;
  const isMarked = [STRONG, CODE].some(({ element }) => element === parent.tagName);
  return isMarked && HOLD_MARKS.has(parent.parentElement.tagName) ? parent.tagName : undefined;
}

// Whether the marks of a passage come in pairs, but for the one of the element that it ends in.
function isPaired(passage, inside) {
  const isOdd = (mark) => passage.split(mark).length % 2 === 0;
  return !passage.includes("\\") && [...MARKS].every(([mark, { element }]) => isOdd(mark) === (element === inside));
}

// What goes on after a text, as [element that it is in, words]; null where that isn't plain.
function goesOn(said, fresh, inside) {
  const parts = fresh.match(PARTS);
  const hasMarks = parts.some((part) => MARKS.has(part));
  if (hasMarks && !isPaired(said.slice(said.lastIndexOf("\n\n") + 1), inside)) return null;
  const found = [];
  let [before, within] = [said.at(-1), inside];
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1]?.[0];
    const mark = MARKS.get(part);
    if (within === CODE.element ? mark !== CODE : mark === undefined) {
      if (within !== CODE.element && !WORDS.test(part)) return null;
      found.push([within, part]);
    } else if (mark.element === within && mark.ends(before, next)) within = null;
    else if (within === null && mark.begins(before, next)) within = mark.element;
    else return null;
    before = part.at(-1);
  }
  return found;
}

export class WordsEnd {
  #block;
  #node = null;
  #lent = null;
  #writer = null;
  #inside;
  #added = [];

  constructor(block) {
    this.#block = block;
  }

  // Draws what a text has grown by; whether that could be done here.
  grow(text, grownBy) {
    const said = withoutWaiting(text);
    const run = text.slice(said.length) + grownBy;
    const fresh = withoutWaiting(run);
    const lastWord = said.slice(-64).split(/\s/).at(-1);
    if (BREAK.test(run) || MAY_BE_LINK.test(lastWord + fresh)) return false;
    if (!this.#isFound(said)) return false;
    if (!fresh) return true;
    const found = goesOn(said, fresh, this.#inside);
    found?.forEach(([element, words]) => this.#put(element, words));
    return found !== null;
  }

  // React draws what was added, and doesn't know of it.
  end() {
    this.#lent?.giveBack();
    this.#added.forEach((node) => node.remove());
  }

  #isFound(said) {
    if (this.#node === null) {
      this.#node = endOf(this.#block, said);
      this.#inside = this.#node && around(this.#node);
      this.#writer = this.#lent = this.#node && new LentText(this.#node);
    }
    return this.#node?.isConnected ?? false;
  }

  #put(element, words) {
    if (element === this.#inside) {
      this.#writer.appendData(/\s$/.test(this.#node.data) ? words.trimStart() : words);
      return;
    }
    const before = this.#inside ? this.#node.parentElement : this.#node;
    this.#writer = this.#node = new Text(words);
    const added = element ? document.createElement(element) : this.#node;
    if (element) added.append(this.#node);
    before.after(added);
    this.#added.push(added);
    this.#inside = element;
  }
}
