// A code block: language, wrap, copy, download, and the code itself, which takes color as it comes. A long one shows a
// part of itself, from its first line on: it never changes its height by itself, but by growing.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useIsCodeFenceIncomplete } from "streamdown";
import { useChoice } from "./choices.js";
import { useTokenizer } from "./code_highlight.js";
import { findLanguage } from "./code_languages.js";
import { CodeText, HIDDEN_MARKS } from "./code_text.js";
import { CopyButton } from "./copy.jsx";
import { onDrawn } from "./frames.js";
import { Download, WrapText } from "./icons.jsx";
import { textIn } from "./links.jsx";
import { holdsSelection } from "./selection.js";
import { say } from "./words.js";

const LINE_PX = 21;
const MOST_LINES_FOLDED = 40;
const NEAR_END_PX = 24;

function download(source, language) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([source], { type: "text/plain" }));
  link.download = `code.${findLanguage(language)?.extension ?? "txt"}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function linesThatFit() {
  return Math.min(MOST_LINES_FOLDED, Math.floor((window.innerHeight * 0.7) / LINE_PX));
}

// How many lines are shown of a text.
function useLines(text, element, source, language, open) {
  const tokenizer = useTokenizer(language);
  const [count, setCount] = useState(() => source.split("\n").length);
  useLayoutEffect(() => {
    text.show(element.current, source, tokenizer, open);
    setCount(text.count);
  });
  useEffect(() => () => text.leave(), [text]);
  return count;
}

// A folded block shows its newest line, as the thread does, until the reader scrolls up in it. Once nothing more comes,
// it shows its first ones, as it does whenever it is seen again; not to whoever has scrolled or selects in it.
function useNewestLine(pre, open, folded) {
  const following = useRef(true);
  useLayoutEffect(() => {
    if (!open || !folded) return undefined;
    const show = () => {
      if (following.current) pre.current.scrollTop = pre.current.scrollHeight;
    };
    show();
    return onDrawn(show);
  });
  useLayoutEffect(() => {
    if (!open) return undefined;
    const { current } = pre;
    return () => {
      if (following.current && !holdsSelection(current)) current.scrollTop = 0;
    };
  }, [open]);
  return () => {
    if (!open) return;
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
  const [text] = useState(() => new CodeText(fit));
  const [pre, code] = [useRef(null), useRef(null)];
  const count = useLines(text, code, source, language, open);
  const isLong = count > fit;
  const folded = isLong && !unfolded;
  const warning = HIDDEN_MARKS.test(source) ? say("code.hidden") : note;
  const onScroll = useNewestLine(pre, open, folded);
  const fold = (event) => {
    holdInPlace(unfolded ? event.currentTarget : pre.current.firstChild);
    setUnfolded(!unfolded);
  };
  return (
    <figure className="code-block" dir="ltr" style={{ "--fit": fit }}>
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
        <CopyButton label={say("code.copy")} read={() => text.source} />
        <button
          type="button"
          className="icon-button"
          aria-label={say("code.download")}
          title={say("code.download")}
          onClick={() => download(text.source, language)}
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
        <code ref={code} />
      </pre>
      {isLong && !instead && (
        <button type="button" className="code-fold" aria-expanded={unfolded} onClick={fold}>
          {unfolded ? say("code.less") : open ? say("code.all") : say("code.all.count", { count })}
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
