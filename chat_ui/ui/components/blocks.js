// An answer cut into blocks. Markdown is slow to read and answers are long: what is finished is cut off for good, and
// never read again however long the answer grows. Code and displayed formulas are cut out line by line; footnotes and
// the addresses of links are taken out too, because they point from anywhere to anywhere.
import { Lexer } from "marked";
import { withDollars } from "./formulas.js";
import { isTangled } from "./too_much.js";
import { completed, withoutHalf, withoutHalfFence, withoutLooseEnd, withoutWaiting } from "./unfinished.js";

const FENCE = /^(?<fence>`{3,}|~{3,})[ \t]*(?<language>[^\s`]*)[^`\n]*$/;
const FORMULA = /^ {0,3}(?<opening>\$\$(?!\$)|\\\[)(?<rest>.*)$/;
const NOTE = /^ {0,3}\[\^(?<label>[^\]\s]{1,80})\]:[ \t]*(?<rest>.*)$/;
const ENDS_NOTE = /^(?:#{1,6}\s| {0,3}(?:[-*_][ \t]*){3,}$)/;
const MARK = /\[\^([^\]\s]{1,80})\](?!:)/g;
const CODE = /`+[^`]*`+/g;
const BLANK_LINES = /^(?:[ \t]*\n)+/;
const LEFT_OPEN = 2;

function closesFence(line, fence) {
  const rest = line.replace(/^ {0,3}/, "").trimEnd();
  return rest.length >= fence.length && rest === fence[0].repeat(rest.length);
}

// The code of a block that begins with a fence, and null for any other block.
export function readFence(block) {
  const end = block.indexOf("\n");
  const { fence, language } = FENCE.exec(end < 0 ? block : block.slice(0, end))?.groups ?? {};
  if (fence === undefined) return null;
  const code = end < 0 ? "" : block.slice(end + 1).replace(/\n$/, "");
  const last = code.lastIndexOf("\n") + 1;
  return { language, source: closesFence(code.slice(last), fence) ? code.slice(0, Math.max(0, last - 1)) : code };
}

function isCode(block) {
  return FENCE.test(block.slice(0, block.indexOf("\n") >>> 0));
}

// What a line begins that isn't a passage of markdown: a kind of block, and how it ends.
function beginning(line) {
  const { fence } = FENCE.exec(line)?.groups ?? {};
  if (fence) return { kind: "code", isEnd: (later) => closesFence(later, fence) };
  if (NOTE.test(line)) return { kind: "note", blank: false };
  const { opening, rest } = FORMULA.exec(line)?.groups ?? {};
  if (opening === undefined) return null;
  const closing = opening === "$$" ? "$$" : "\\]";
  const isEnd = (later) => later.trimEnd().endsWith(closing);
  if (!rest.includes(closing)) return { kind: "formula", isEnd };
  return rest.trim().length > closing.length && isEnd(rest) ? { kind: "formula", isEnd, isWhole: true } : null;
}

function asFormula(text) {
  const formula = text.trim().replace(/^(?:\$\$|\\\[)/, "").replace(/(?:\$\$|\\\])$/, "");
  return `$$\n${formula.trim()}\n$$\n`;
}

function asNote(text) {
  const [first, ...more] = text.trimEnd().split("\n");
  const { label, rest } = NOTE.exec(first).groups;
  const lines = [rest, ...more.map((line) => line.replace(/^(?: {1,4}|\t)/, ""))];
  return { label, text: withDollars(lines.join("\n").trim()) };
}

function notesIn({ text, growing }) {
  if (!growing) return [asNote(text)];
  const shown = withoutHalf(text);
  return NOTE.test(shown.split("\n", 1)[0]) ? [asNote(completed(shown))] : [];
}

// The tokens that a passage consists of; blank lines belong to what stands before them.
function tokensIn(passage) {
  const tokens = [];
  for (const { type, raw, tag } of lex(passage)) {
    if (type === "space" && tokens.length > 0) tokens.at(-1).raw += raw;
    else if (type !== "space") tokens.push({ raw, tag: type === "def" ? tag : null });
  }
  return tokens;
}

function lex(passage) {
  if (isTangled(passage)) return [{ type: "paragraph", raw: passage }];
  return new Lexer({ gfm: true }).blockTokens(passage);
}

// How many of a passage's tokens nothing that follows can change.
function finishedIn(tokens) {
  let count = Math.max(0, tokens.length - LEFT_OPEN);
  while (count > 0 && !tokens[count - 1].raw.endsWith("\n\n")) count -= 1;
  return count;
}

// The blocks of tokens; the addresses among them are added to the links.
function blocksOf(tokens, links) {
  for (const { tag, raw } of tokens) if (tag !== null && !links.has(tag)) links.set(tag, raw.trim());
  return tokens.filter(({ tag }) => tag === null).map(({ raw }) => withDollars(raw));
}

function blocksIn({ kind, text, growing, cut }, links) {
  if (kind === "code") return [text];
  if (kind === "formula" && growing) return [];
  const shown = growing ? withoutHalf(text) : cut ? withoutLooseEnd(text) : text;
  const tokens = tokensIn(shown.replace(BLANK_LINES, ""));
  if (growing && tokens.at(-1)?.tag) tokens.pop();
  const blocks = blocksOf(tokens, links);
  if ((growing || cut) && blocks.length > 0) blocks.push(completed(blocks.pop()));
  return blocks;
}

// Where something is held back, the end of the text isn't what is seen last.
function endOf({ kind, text, growing }) {
  if (!growing || (kind !== undefined && kind !== "code")) return null;
  if (kind === "code") return "code";
  return withoutWaiting(withoutHalf(text)) === withoutWaiting(text) ? "words" : null;
}

function marksIn(block) {
  if (!block.includes("[^") || isCode(block)) return [];
  return [...block.replace(CODE, "").matchAll(MARK)].map((found) => found[1]);
}

function withLinks(block, links) {
  if (links.size === 0 || !block.includes("[") || isCode(block)) return block;
  const tags = [...block.matchAll(/\[([^\][]+)\]/g)].map((found) => found[1].trim().toLowerCase().replace(/\s+/g, " "));
  const used = [...new Set(tags)].filter((tag) => links.has(tag)).map((tag) => links.get(tag));
  return used.length > 0 ? `${block.trimEnd()}\n\n${used.join("\n")}` : block;
}

export class Blocks {
  #seen;
  #part;
  #line;
  #open;
  #blocks;
  #notes;
  #links;
  #marks;
  #dressed;
  #linked;

  constructor() {
    this.#forget();
  }

  // The blocks of a text that is the last one and more, its footnotes, the number of each footnote, and what the end of
  // the text is part of (see growing_end.js). One that was `cut` has ended without being finished.
  split(text, streaming, cut) {
    const given = streaming || cut ? withoutHalfFence(text) : text;
    if (!given.startsWith(this.#seen)) this.#forget();
    this.#seen = given;
    for (let end = given.indexOf("\n", this.#line); end >= 0; end = given.indexOf("\n", this.#line)) {
      this.#readLine(given.slice(this.#line, end), end + 1);
    }
    const blocks = [];
    const notes = [...this.#notes];
    const links = new Map(this.#links);
    const unfinished = this.#unfinished(streaming, cut);
    for (const part of unfinished) {
      if (part.kind === "note") notes.push(...notesIn(part));
      else blocks.push(...blocksIn(part, links));
    }
    const marks = new Set([...this.#marks, ...blocks.flatMap(marksIn), ...notes.map(({ label }) => label)]);
    return {
      blocks: [...this.#finished(links), ...blocks.map((block) => withLinks(block, links))],
      notes,
      numbers: new Map([...marks].map((label, index) => [label, index + 1])),
      end: given === text ? endOf(unfinished.at(-1)) : null,
    };
  }

  #forget() {
    [this.#seen, this.#part, this.#line, this.#open] = ["", 0, 0, null];
    [this.#blocks, this.#notes, this.#links, this.#marks] = [[], [], new Map(), new Set()];
    [this.#dressed, this.#linked] = [[], new Map()];
  }

  #readLine(line, next) {
    if (this.#endsNote(line)) this.#finish(this.#line);
    if (this.#open?.kind === "note") this.#open.blank = !line.trim();
    // No formula holds a blank line: what began like one was none.
    if (this.#open?.kind === "formula" && !line.trim()) this.#open = null;
    if (this.#open === null) {
      const begun = beginning(line);
      if (begun !== null) {
        this.#finish(this.#line);
        this.#open = begun;
        if (begun.isWhole) this.#finish(next);
      }
    } else if (this.#open.isEnd?.(line)) {
      this.#finish(next);
    }
    this.#line = next;
    if (this.#open === null && !line.trim()) this.#finishPassages(next);
  }

  #endsNote(line) {
    if (this.#open?.kind !== "note" || !line.trim()) return false;
    return this.#open.blank ? !/^(?: {2}|\t)/.test(line) : beginning(line) !== null || ENDS_NOTE.test(line);
  }

  // What was open ends here.
  #finish(end) {
    const text = this.#seen.slice(this.#part, end);
    if (this.#open?.kind === "note") this.#notes = [...this.#notes, asNote(text)];
    else if (this.#open?.kind === "code") this.#blocks.push(text);
    else if (this.#open?.kind === "formula") this.#blocks.push(asFormula(text));
    else this.#keep(tokensIn(text));
    this.#part = end;
    this.#open = null;
  }

  #finishPassages(end) {
    const text = this.#seen.slice(this.#part, end);
    const passage = text.replace(BLANK_LINES, "");
    const tokens = tokensIn(passage);
    const finished = tokens.slice(0, finishedIn(tokens));
    if (finished.length === 0) return;
    this.#keep(finished);
    this.#part += text.length - passage.length + finished.reduce((length, { raw }) => length + raw.length, 0);
  }

  #keep(tokens) {
    for (const block of blocksOf(tokens, this.#links)) {
      this.#blocks.push(block);
      marksIn(block).forEach((label) => this.#marks.add(label));
    }
  }

  // An address may stand far from where it is used, and after it.
  #finished(links) {
    if (links.size !== this.#linked.size) this.#dressed = [];
    this.#linked = links;
    for (const block of this.#blocks.slice(this.#dressed.length)) this.#dressed.push(withLinks(block, links));
    return this.#dressed;
  }

  // What may still change, in at most two parts: the last line may begin something of its own.
  #unfinished(streaming, cut) {
    const lines = this.#seen.slice(this.#part, this.#line);
    const last = this.#seen.slice(this.#line);
    const begun = beginning(last);
    const isApart = this.#open === null ? begun !== null : this.#endsNote(last);
    const part = (open, text, isLast) => ({
      kind: open?.kind,
      text,
      growing: streaming && isLast,
      cut: cut && isLast,
    });
    if (!isApart) return [part(this.#open, lines + last, true)];
    return [part(this.#open, lines, false), part(begun, last, true)];
  }
}
