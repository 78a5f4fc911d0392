// What a screen reader is told of a growing answer: whole sentences without their markup; code, tables and formulas by
// name only, because nobody can follow them by ear at that speed, and they can be read in their place.
import { changeFormulas, openingIn } from "./formulas.js";
import { say } from "./words.js";

const SENTENCE = /^[\s\S]*[.!?…:;。！？][)"'”’\]*_`]*(?=\s)/;
const FENCE = /^(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const FENCE_ENDS = /^[\s>]*(`{3,}|~{3,})\s*$/;
const FORMULA = /^(\$\$(?!\$)|\\\[)/;
const OF_ONE_LINE = {
  "speech.code": "speech.code.one",
  "speech.code.plain": "speech.code.plain.one",
  "speech.table": "speech.table.one",
};
const SAYS_SOMETHING = /[\p{L}\p{N}]/u;
const TABLE = /^\|/;
// A line that begins like this may yet become one of those: nothing of it is said before it is whole.
const NOT_YET_SURE = /^([`~$\\|]|$)/;
// What stands before the words of a line, in a list within a list too.
const MARKERS = /^\s*(?:#{1,6}\s+|>\s*|[-*+]\s+(?:\[[ xX]\]\s+)?|\d+[.)]\s+)*/;

// No part of these reaches over the next one's beginning, or a line of brackets alone would take minutes.
const LINK = /!?\[([^[\]]*)\]\([^()]*\)/g;
const NOTE = /\[\^[^[\]]*\]/g;

// Within a sentence, what is no more than letters and numbers is read.
const spoken = (formula) => (/[\\^{]/.test(formula) ? say("speech.formula.within") : formula.replaceAll("_", " "));

function withoutMarkup(words) {
  return changeFormulas(words, spoken)
    .replace(LINK, "$1")
    .replace(NOTE, "")
    .replace(/(\*\*|__|~~|`|\*(?=\S)|(?<=\S)\*)/g, "")
    .trim();
}

// What the lines of a block of code look like that begins behind these markers: its quote or list item ends it too.
function insideOf(markers) {
  if (markers.includes(">")) return /^\s*>/;
  return /\S/.test(markers) ? new RegExp(`^\\s*$|^\\s{${markers.length}}`) : /^/;
}

export class Speech {
  #at = 0;
  #inLine = false;
  #block = null;

  // Reading begins here: what stands before was said, or is older than the page.
  skip(text) {
    this.#at = text.length;
    this.#inLine = !text.endsWith("\n") && text.length > 0;
  }

  // What can be said by now of all that is there and wasn't said before.
  take(text, isWhole) {
    const said = [];
    for (;;) {
      const end = text.indexOf("\n", this.#at);
      if (end < 0) break;
      said.push(this.#line(text.slice(this.#at, end)));
      this.#at = end + 1;
      this.#inLine = false;
    }
    said.push(isWhole ? this.#last(text.slice(this.#at)) : this.#begun(text.slice(this.#at)));
    if (isWhole) this.#at = text.length;
    return said.filter(Boolean).join(" ");
  }

  #last(line) {
    return [line && this.#line(line), this.#close()].filter(Boolean).join(" ");
  }

  #wordsOf(line) {
    return this.#inLine ? line : line.replace(MARKERS, "");
  }

  // Of a line that goes on, its whole sentences; none ends within a formula.
  #begun(line) {
    const words = this.#wordsOf(line);
    if (this.#block || (!this.#inLine && NOT_YET_SURE.test(words))) return "";
    const masked = changeFormulas(words, (_, whole) => "x".repeat(whole.length));
    const [{ length }] = SENTENCE.exec(masked.slice(0, openingIn(masked) ?? masked.length)) ?? [""];
    if (length === 0) return "";
    this.#at += line.length - words.length + length;
    this.#inLine = true;
    return withoutMarkup(words.slice(0, length));
  }

  #line(line) {
    if (this.#block?.until) return this.#inBlock(line);
    if (this.#block?.closing) return this.#inFormula(line);
    const words = this.#wordsOf(line);
    if (TABLE.test(words) && !this.#inLine) {
      this.#block ??= { key: "speech.table", lines: -2 };
      this.#block.lines += 1;
      return "";
    }
    const before = this.#close();
    const fence = this.#inLine ? null : FENCE.exec(words);
    if (fence) {
      const inside = insideOf(line.slice(0, line.length - words.length));
      this.#block = { key: "speech.code", until: fence[1], language: fence[2], inside, lines: 0 };
    }
    const rest = fence ? "" : !this.#inLine && FORMULA.test(words) ? this.#formula(words) : withoutMarkup(words);
    return [before, rest].filter(Boolean).join(" ");
  }

  #formula(line) {
    this.#block = { key: "speech.formula", closing: line.startsWith("$$") ? "$$" : "\\]", lines: 0 };
    return this.#inFormula(line.slice(2));
  }

  // It ends where its delimiter stands, whatever follows there; no formula holds a blank line.
  #inFormula(line) {
    const { closing, lines } = this.#block;
    const end = line.indexOf(closing);
    this.#block.lines += 1;
    if (end < 0) return lines > 0 && !line.trim() ? this.#close() : "";
    const rest = line.slice(end + closing.length);
    return SAYS_SOMETHING.test(rest) ? `${this.#close()} ${withoutMarkup(rest)}` : this.#close();
  }

  #inBlock(line) {
    if (!this.#block.inside.test(line)) return [this.#close(), this.#line(line)].filter(Boolean).join(" ");
    if (FENCE_ENDS.exec(line)?.[1].startsWith(this.#block.until)) return this.#close();
    this.#block.lines += 1;
    return "";
  }

  #close() {
    const block = this.#block;
    this.#block = null;
    if (!block) return "";
    const { language } = block;
    const lines = Math.max(block.lines, 0);
    const key = block.key === "speech.code" && !language ? "speech.code.plain" : block.key;
    return say((lines === 1 && OF_ONE_LINE[key]) || key, { language, lines });
  }
}
