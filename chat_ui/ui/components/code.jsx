// A code block: language, wrap, copy, download, and the code itself, which takes color as it comes. A long one shows a
// part of itself, from its first line on: it never changes its height by itself, but by growing.
import { memo, useEffect, useLayoutEffect, useReducer, useRef, useState } from "react";
import { useIsCodeFenceIncomplete } from "streamdown";
import { useChoice } from "./choices.js";
import { BETWEEN_SLICES_MS, PLAIN, SLICE_MS, useTokenizer } from "./code_highlight.js";
import { findLanguage } from "./code_languages.js";
import { CodeLines } from "./code_lines.js";
import { CopyButton } from "./copy.jsx";
import { Download, WrapText } from "./icons.jsx";
import { textIn } from "./links.jsx";
import { say } from "./words.js";

const WAIT_MS = 400;
const LINES_AT_ONCE = 20;
const LINE_PX = 21;
const MOST_LINES_FOLDED = 40;
const NEAR_END_PX = 24;

// What may make code read otherwise than it runs.
const HIDDEN_MARKS = /[\u202a-\u202e\u2066-\u2069]/;

const BOLD = 2;
const ITALIC = 1;

function download(source, language) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([source], { type: "text/plain" }));
  link.download = `code.${findLanguage(language)?.extension ?? "txt"}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function Token({ content, color, fontStyle }) {
  const style = { color };
  if (fontStyle & BOLD) style.fontWeight = 600;
  if (fontStyle & ITALIC) style.fontStyle = "italic";
  return <span style={style}>{content}</span>;
}

// A line that is still being written may be ahead of its tokens.
const Line = memo(function Line({ line: { text, tokens } }) {
  const element = useRef(null);
  const drawn = tokens.reduce((length, token) => length + token.content.length, 0);
  const rest = text.slice(drawn) + "\n";
  // What was put there in the meantime (see growing_end.js) is in a token now.
  useLayoutEffect(() => {
    const { lastChild } = element.current;
    if (lastChild.data !== rest) lastChild.data = rest;
  });
  return (
    <span ref={element} className="code-line">
      {tokens.map((token, index) =>
        token.color === PLAIN && !token.fontStyle ? token.content : <Token key={index} {...token} />,
      )}
      {rest}
    </span>
  );
});

const Chunk = memo(function Chunk({ lines }) {
  return (
    <span className="code-chunk" style={{ "--lines": lines.length }}>
      {lines.map((line, index) => (
        <Line key={index} line={line} />
      ))}
    </span>
  );
});

export function holdsSelection(element) {
  const selection = getSelection();
  return element !== null && !selection.isCollapsed && selection.containsNode(element, true);
}

// What is being written is colored as it is drawn, what was there before in small slices afterwards: but not while
// the reader has selected some of it, because new elements would take the selection away.
function useLines(source, language, open, element) {
  const held = useRef(null);
  const tokenizer = useTokenizer(language);
  const [, again] = useReducer((times) => times + 1, 0);
  if (!held.current?.isStartOf(source)) held.current = new CodeLines();
  const lines = held.current;
  lines.read(source);
  const waits = lines.left > LINES_AT_ONCE && holdsSelection(element.current);
  const isBehind = tokenizer !== null && (waits || lines.tokenize(tokenizer, open, performance.now() + SLICE_MS));
  useEffect(() => {
    if (!isBehind) return undefined;
    const timer = setTimeout(again, waits ? WAIT_MS : BETWEEN_SLICES_MS);
    return () => clearTimeout(timer);
  });
  return lines;
}

function linesThatFit() {
  return Math.min(MOST_LINES_FOLDED, Math.floor((window.innerHeight * 0.7) / LINE_PX));
}

// A folded block shows its newest line, as the thread does, until the reader scrolls up in it.
function useNewestLine(pre, open, folded) {
  const following = useRef(true);
  useLayoutEffect(() => {
    if (open && folded && following.current) pre.current.scrollTop = pre.current.scrollHeight;
  });
  return () => {
    const { scrollHeight, scrollTop, clientHeight } = pre.current;
    following.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  };
}

// While a block changes its height, the reader goes on seeing the element where it was.
function holdInPlace(element) {
  const scroller = element.closest(".thread-scroll");
  const before = element.getBoundingClientRect().top;
  const observer = new ResizeObserver(() => {
    observer.disconnect();
    scroller.scrollTop += element.getBoundingClientRect().top - before;
  });
  observer.observe(element);
}

// `tools` are more buttons; `instead` is shown in place of the code; `note` says something about it.
export function Code({ source, language, open, tools, instead, note }) {
  const isWrapChosen = useChoice("wrap");
  const [wrapped, setWrapped] = useState(isWrapChosen);
  useEffect(() => setWrapped(isWrapChosen), [isWrapChosen]);
  const [unfolded, setUnfolded] = useState(false);
  const [fit] = useState(linesThatFit);
  const pre = useRef(null);
  const lines = useLines(source, language, open, pre);
  const isLong = lines.count > fit;
  const folded = isLong && !unfolded;
  const warning = HIDDEN_MARKS.test(source) ? say("code.hidden") : note;
  const onScroll = useNewestLine(pre, open, folded);
  const fold = (event) => {
    holdInPlace(unfolded ? event.currentTarget : pre.current.firstChild);
    setUnfolded(!unfolded);
  };
  return (
    <figure className="code-block" dir="ltr" data-tokenized={lines.tokenized} style={{ "--fit": fit }}>
      <figcaption>
        <span>{language || "text"}</span>
        {tools}
        <button
          type="button"
          className="icon-button"
          aria-label={say("code.wrap")}
          title={say("code.wrap")}
          aria-pressed={wrapped}
          onClick={() => setWrapped(!wrapped)}
        >
          <WrapText />
        </button>
        <CopyButton label={say("code.copy")} read={() => source} />
        <button
          type="button"
          className="icon-button"
          aria-label={say("code.download")}
          title={say("code.download")}
          onClick={() => download(source, language)}
        >
          <Download />
        </button>
      </figcaption>
      {warning && <p className="code-note">{warning}</p>}
      {instead || null}
      <pre
        ref={pre}
        hidden={Boolean(instead)}
        tabIndex={0}
        role="group"
        aria-label={say("code")}
        data-wrapped={wrapped}
        data-folded={folded}
        onScroll={onScroll}
      >
        <code>
          {lines.chunks.map((chunk, index) => (
            <Chunk key={index} lines={chunk} />
          ))}
        </code>
      </pre>
      {isLong && !instead && (
        <button type="button" className="code-fold" aria-expanded={unfolded} onClick={fold}>
          {unfolded ? say("code.less") : open ? say("code.all") : say("code.all.count", { count: lines.count })}
        </button>
      )}
    </figure>
  );
}

// Code within a list or a quote, or indented, comes from the markdown around it.
export function MarkdownCode({ className, children }) {
  const open = useIsCodeFenceIncomplete();
  const language = /language-([^\s]+)/.exec(className ?? "")?.[1] ?? "";
  return <Code key={language} source={textIn(children).replace(/\n$/, "")} language={language} open={open} />;
}
