// The end of a growing text may be half of something: a marker without what it marks, the head of a table, a formula.
// It is held back until it is whole or plainly nothing of the kind, so that no reader sees it raw.
import remend from "remend";
import { halfFormula } from "./formulas.js";

// A last line that may yet become a fence, in a list or a quote too.
const HALF_FENCE = /^[\s>*+\-.\d]*(?:`{1,2}|~{1,2}|`{3,}[^`]*|~{3,}.*)$/;
const ONLY_MARKERS = /^[\s>]*(?:#{1,6}|[-*+_=\s]+|\d{1,9}[.)]?|\||[-*+]\s+\[[ xX]?\]?|\[\^?[^\]\s]*\]:?)\s*$/;
const ONLY_MARK = /^[\s>]*(?:#{1,6}|[-*+_=]+|\||[-*+]\s+\[[ xX]?\]?)\s*$/;
const ONLY_NUMBER = /^[\s>]*(\d{1,9})[.)]\s*$/;
const NUMBERED = /^[\s>]*(\d{1,9})[.)]\s/;
const HALF = /(?:\\|&#?\w{0,10}|!?\[(?:\^[^\][\s]{0,40})?)$/;
const MARKS = /[*_~`]+$/;
const MARKS_BUT_ITS_END = /(?:[*_~]+|`{2,})$/;
const WAITS = /[\s*`]/;
const ROW = /^[\s>]*\|/;
const DELIMITERS = /^[\s>]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$/;
const DISPLAY = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?(\$\$|\\\[)(.*)$/;
const BEGINS = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6})\s|\|)/;
const BETWEEN = /^[\s>]*(?:\$\$)?$/;
const CELLS_BEFORE = /^[\s>]*\|(?:.*(?<!\\)\|)?/;
const CODE_MARKS = /\\`|`+/g;
const FENCED = /`{3}|~{3}/;
const MOST_LINES_HELD = 60;
const LEFT_OVER = /\]\(streamdown:incomplete-(?:link|image)\)/g;
const REMEND = { katex: false, comparisonOperators: false, singleTilde: false };

export function withoutHalfFence(text) {
  const line = text.lastIndexOf("\n") + 1;
  return HALF_FENCE.test(text.slice(line)) ? text.slice(0, line) : text;
}

function cells(row) {
  return row.trim().replace(/\\\|/g, "").replace(/^\||\|$/g, "").split("|").length;
}

// How many of the last lines are the beginning of a table that isn't one yet.
function headLines([last, before = "", third = ""]) {
  if (ROW.test(last) && !ROW.test(before)) return 1;
  if (!ROW.test(before) || ROW.test(third) || (last && !ROW.test(last))) return 0;
  return DELIMITERS.test(last) && cells(last) === cells(before) ? 0 : 2;
}

// The same for a formula that is displayed, which no blank line may cut.
function formulaLines(lines) {
  for (let count = 1; count <= lines.length && (count === 1 || lines[count - 1].trim()); count += 1) {
    const [, opening, rest] = DISPLAY.exec(lines[count - 1]) ?? [];
    if (opening === undefined) continue;
    const closing = opening === "$$" ? "$$" : "\\]";
    return [rest, ...lines.slice(0, count - 1)].some((line) => line.includes(closing)) ? 0 : count;
  }
  return 0;
}

// The marks that end the code that a text ends in.
function endOfCode(text) {
  let opening = "";
  for (const [marks] of text.matchAll(CODE_MARKS)) {
    if (opening === "" && !marks.startsWith("\\")) opening = marks;
    else if (marks === opening) opening = "";
  }
  return opening;
}

function withoutHalfLine(line) {
  if (ONLY_MARKERS.test(line)) return "";
  const formula = halfFormula(line);
  if (formula !== null) return line.slice(0, formula);
  return line.replace(HALF, "").replace(endOfCode(line) ? MARKS : MARKS_BUT_ITS_END, "");
}

// Where the item, paragraph or cell begins that a passage ends in: no mark reaches over into another one.
function lastBegins(passage) {
  let [begins, end] = [passage.length, passage.length];
  while (begins > 0) {
    begins = passage.lastIndexOf("\n", end - 1) + 1;
    const line = passage.slice(begins, end);
    if (BEGINS.test(line)) return begins + (CELLS_BEFORE.exec(line)?.[0].length ?? 0);
    if (BETWEEN.test(line) && end < passage.length) return end;
    end = begins - 1;
  }
  return 0;
}

// A passage that ends with what it has begun. The code in what is strong ends before that.
export function completed(passage) {
  const begins = FENCED.test(passage) ? 0 : lastBegins(passage);
  const last = passage.slice(begins);
  const code = last.includes("```") ? "" : endOfCode(last);
  return passage.slice(0, begins) + remend(last + code, REMEND);
}

// A remark plugin: what was completed as a link, and is none for the parser, looks as it was written.
export function remarkLeftOver() {
  return function change(node) {
    if (node.type === "text") node.value = node.value.replace(LEFT_OVER, "");
    node.children?.forEach(change);
  };
}

// A text without the spaces at its end, which aren't drawn until something follows them, and without the marks, which
// mean nothing until then.
export function withoutWaiting(text) {
  let end = text.length;
  while (end > 0 && WAITS.test(text[end - 1])) end -= 1;
  return text.slice(0, end);
}

// A passage that was cut off there, without a mark at its end that stands for nothing: an item's, say. Its words stay,
// and so does a number that continues no list.
export function withoutLooseEnd(passage) {
  const lines = passage.trimEnd().split("\n");
  const last = lines.pop();
  const kept = last.replace(endOfCode(last) ? MARKS : MARKS_BUT_ITS_END, "");
  const [, number] = ONLY_NUMBER.exec(kept) ?? [];
  const isItem = number && lines.some((line) => Number(NUMBERED.exec(line)?.[1]) === number - 1);
  return [...lines, isItem || ONLY_MARK.test(kept) ? "" : kept].join("\n");
}

// A passage of markdown without what is unfinished at its end.
export function withoutHalf(passage) {
  const lines = passage.split("\n");
  const upwards = lines.slice(-MOST_LINES_HELD).reverse();
  const held = formulaLines(upwards) || headLines(upwards);
  if (held > 0) return lines.slice(0, -held).join("\n");
  const last = lines.pop();
  return [...lines, withoutHalfLine(last)].join("\n");
}
