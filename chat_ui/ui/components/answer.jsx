// What a message says: an answer as markdown while it streams, a person's words as they were typed.
import { memo, useEffect, useMemo, useState } from "react";
import {
  Block,
  defaultComponents,
  defaultRehypePlugins,
  defaultRemarkPlugins,
  detectTextDirection,
} from "streamdown";
import { Code, MarkdownCode } from "./code.jsx";
import { createSplitter, readFence, withoutHalfFence } from "./code_fences.js";
import { useMath } from "./math.js";
import { useText } from "./texts.js";
import { ToolCalls } from "./tool_calls.jsx";

const ASK_AGAIN_MS = 2000;
const WEB_LINK = /^(https?:|mailto:)/i;

const HEADING = /^ {0,3}#{1,6}\s/;
const BLOCKS_A_GROUP = 20;

// Raw HTML in an answer stays text: the plugin that would parse it is left out.
function pluginsWith(math) {
  const { sanitize, harden } = defaultRehypePlugins;
  const remarkPlugins = Object.values(defaultRemarkPlugins);
  if (!math) return { remarkPlugins, rehypePlugins: [sanitize, harden] };
  return {
    remarkPlugins: [...remarkPlugins, math.remarkPlugin],
    rehypePlugins: [sanitize, harden, math.rehypePlugin],
  };
}

function Link({ href, children, ...rest }) {
  // Within the answer, a footnote's mark leads to it and back.
  if (href?.startsWith("#user-content-")) return <a href={href} id={rest.id}>{children}</a>;
  if (!href || !WEB_LINK.test(href)) return <span>{children}</span>;
  let host = "";
  try {
    host = new URL(href).host;
  } catch {
    return <span>{children}</span>;
  }
  return (
    <a href={href} title={host || href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

// A remote image would tell its host who reads what, so it is loaded only when asked for.
function RemoteImage({ src, alt }) {
  const [shown, setShown] = useState(false);
  if (!src || !/^https?:/i.test(src)) return <span className="image-blocked">{alt || "image"}</span>;
  if (shown) return <img src={src} alt={alt ?? ""} referrerPolicy="no-referrer" />;
  return (
    <button type="button" className="image-blocked" onClick={() => setShown(true)}>
      Load image from {new URL(src).host}
      {alt ? `: ${alt}` : ""}
    </button>
  );
}

function Table({ children }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  );
}

function Checkbox({ checked, type }) {
  return <input type={type} checked={checked} disabled aria-label={checked ? "Done" : "To do"} />;
}

const plain = (Tag) =>
  function Element({ node, className, ...props }) {
    return <Tag {...props} />;
  };

const COMPONENTS = {
  ...defaultComponents,
  a: Link,
  img: RemoteImage,
  input: Checkbox,
  table: Table,
  code: (props) => ("data-block" in props ? <MarkdownCode {...props} /> : <code>{props.children}</code>),
  ...Object.fromEntries(
    ["h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "blockquote", "hr", "strong", "sub", "sup"]
      .concat(["li", "section", "thead", "tbody", "tr", "th", "td"])
      .map((tag) => [tag, plain(tag)]),
  ),
};

const AnyBlock = memo(function AnyBlock({ content, isIncomplete, ...rest }) {
  const fence = readFence(content);
  return (
    <div dir={fence ? "ltr" : detectTextDirection(content)} data-heading={HEADING.test(content)}>
      {fence ? (
        <Code {...fence} open={isIncomplete} />
      ) : (
        <Block {...rest} content={content} isIncomplete={isIncomplete} components={COMPONENTS} />
      )}
    </div>
  );
});

// A finished block is never drawn again; in groups, many of them are passed over at once.
const Group = memo(
  function Group({ blocks, streaming, plugins }) {
    return blocks.map((content, index) => (
      <AnyBlock key={index} content={content} isIncomplete={streaming && index === blocks.length - 1} {...plugins} />
    ));
  },
  (old, { blocks, streaming, plugins }) =>
    old.streaming === streaming &&
    old.plugins === plugins &&
    old.blocks.length === blocks.length &&
    old.blocks.every((content, index) => content === blocks[index]),
);

const Markdown = memo(function Markdown({ text, streaming }) {
  const loaded = useMath(text);
  const [split] = useState(createSplitter);
  const plugins = useMemo(() => pluginsWith(loaded?.math), [loaded]);
  const blocks = split(streaming ? withoutHalfFence(text) : text, streaming);
  const groups = [];
  for (let at = 0; at < blocks.length; at += BLOCKS_A_GROUP) groups.push(blocks.slice(at, at + BLOCKS_A_GROUP));
  return (
    <div className={streaming ? "prose growing" : "prose"}>
      {groups.map((group, index) => (
        <Group key={index} blocks={group} streaming={streaming && index === groups.length - 1} plugins={plugins} />
      ))}
    </div>
  );
});

function Reasoning({ text, open }) {
  return (
    <details className="reasoning" open={open}>
      <summary>{open ? "Thinking" : "Thoughts"}</summary>
      <p>{text}</p>
    </details>
  );
}

// Texts come apart from the list of messages: ask again for one that came with a hole or not at all,
// until it is here.
function useWhole(messageId, entry, short, onGap) {
  const lacking = entry.gap || short;
  useEffect(() => {
    if (!lacking) return undefined;
    if (entry.gap) onGap(messageId);
    const timer = setInterval(() => onGap(messageId), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [messageId, entry.gap, lacking]);
}

export function Answer({ messageId, status, chars, onGap }) {
  const entry = useText(messageId);
  const streaming = status === "streaming";
  const blank = !entry.text && !entry.reasoning && !entry.tool_calls;
  useWhole(messageId, entry, !streaming && entry.points.text < chars, onGap);
  if (blank) return streaming ? <Waiting wait={entry.wait} /> : null;
  return (
    <>
      {entry.reasoning && <Reasoning text={entry.reasoning} open={streaming && !entry.text} />}
      {entry.text && <Markdown text={entry.text} streaming={streaming} />}
      {entry.tool_calls && <ToolCalls log={entry.tool_calls} streaming={streaming} />}
    </>
  );
}

// What a token is differs by model; four letters each is the usual estimate, until the gateway has counted.
export function Counter({ messageId }) {
  const { points } = useText(messageId);
  const tokens = Math.round((points.text + points.reasoning + points.tool_calls) / 4);
  return <span className="meta">{tokens > 0 && `About ${tokens.toLocaleString("en-US")} tokens`}</span>;
}

function countdown({ until, why, paying }) {
  if (paying) return paying;
  if (until === null) return `${why} Waiting until another answer has ended`;
  const left = Math.ceil((until - Date.now()) / 1000);
  return left > 0 ? `${why} Trying again in ${left} s` : "";
}

function Waiting({ wait }) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((past) => past + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const until = wait && countdown(wait);
  if (until) {
    return (
      <p className="waiting">
        <span className="pulse" aria-hidden="true" />
        <span className="meta">{until}</span>
      </p>
    );
  }
  return (
    <p className="waiting">
      <span className="pulse" aria-hidden="true" />
      <span className={seconds > 3 ? "meta" : "visually-hidden"}>
        {seconds > 3 ? `Waiting, ${seconds} s` : "Waiting for the answer"}
      </span>
    </p>
  );
}

export function Words({ messageId, chars, onGap }) {
  const entry = useText(messageId);
  useWhole(messageId, entry, entry.points.text < chars, onGap);
  return <p className="words" dir="auto">{entry.text}</p>;
}
