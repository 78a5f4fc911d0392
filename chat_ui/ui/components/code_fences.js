// Where the fenced code of an answer begins and ends. Markdown is slow to read and code is long: cut out of the text, a
// block costs the same however long it has grown, and what stands before it is never read again.
import remend from "remend";
import { parseMarkdownIntoBlocks } from "streamdown";
import { withDollars } from "./math.js";

const OPENING = /^(?<fence>`{3,}|~{3,})[ \t]*(?<language>[^\s`]*)[^`\n]*$/;
const FOOTNOTE = /^\[\^[\w-]+\]:/m;

// A last line that may yet become a fence, in a list or a quote too.
const HALF_FENCE = /^[\s>*+\-.\d]*(?:`{1,2}|~{1,2}|`{3,}[^`]*|~{3,}.*)$/;

export function withoutHalfFence(text) {
  const line = text.lastIndexOf("\n") + 1;
  return HALF_FENCE.test(text.slice(line)) ? text.slice(0, line) : text;
}

function closes(line, fence) {
  const rest = line.replace(/^ {0,3}/, "").trimEnd();
  return rest.length >= fence.length && rest === fence[0].repeat(rest.length);
}

// The code of a block that begins with a fence, and null for any other block.
export function readFence(block) {
  const end = block.indexOf("\n");
  const { fence, language } = OPENING.exec(end < 0 ? block : block.slice(0, end))?.groups ?? {};
  if (fence === undefined) return null;
  const code = end < 0 ? "" : block.slice(end + 1).replace(/\n$/, "");
  const last = code.lastIndexOf("\n") + 1;
  return { language, source: closes(code.slice(last), fence) ? code.slice(0, Math.max(0, last - 1)) : code };
}

function passageBlocks(text) {
  const passage = withDollars(text.replace(/^\n+/, ""));
  return passage.trim() ? parseMarkdownIntoBlocks(passage) : [];
}

// A function from an answer to its blocks, which remembers what it has seen of a text that grows.
export function createSplitter() {
  let seen, blocks, footnoted, part, line, fence;

  const forget = () => {
    [seen, blocks, footnoted, part, line, fence] = ["", [], false, 0, 0, null];
  };
  const finish = (end) => {
    const text = seen.slice(part, end);
    footnoted ||= fence === null && FOOTNOTE.test(text);
    blocks = blocks.concat(fence === null ? passageBlocks(text) : [text]);
    part = end;
  };
  const readLine = (end) => {
    const text = seen.slice(line, end);
    if (fence !== null && closes(text, fence)) {
      finish(end + 1);
      fence = null;
    } else if (fence === null && OPENING.test(text)) {
      finish(line);
      fence = OPENING.exec(text).groups.fence;
    }
    line = end + 1;
  };

  forget();
  return function split(text, streaming) {
    if (!text.startsWith(seen)) forget();
    seen = text;
    for (let end = text.indexOf("\n", line); end >= 0; end = text.indexOf("\n", line)) readLine(end);
    const rest = text.slice(part);
    // Footnotes point from anywhere to anywhere.
    if (footnoted || (fence === null && FOOTNOTE.test(rest))) return [withDollars(text)];
    if (fence !== null) return [...blocks, rest];
    const open = passageBlocks(rest);
    if (streaming && open.length > 0) open.push(remend(open.pop()));
    return [...blocks, ...open];
  };
}
