// Markdown while it streams: block by block, each drawn once, and nothing in it that could run or load.
import { Component, createRef, memo, useMemo, useRef, useState } from "react";
import {
  Block,
  defaultComponents,
  defaultRehypePlugins,
  defaultRemarkPlugins,
  detectTextDirection,
} from "streamdown";
import { Blocks, readFence } from "./blocks.js";
import { Code, MarkdownCode } from "./code.jsx";
import { Diagram } from "./diagram.jsx";
import { FootnoteList, Footnotes, remarkFootnoteMarks } from "./footnotes.jsx";
import { useGrowingEnd } from "./growing_end.js";
import { Link, RemoteImage } from "./links.jsx";
import { useMath } from "./math.js";
import { PlainText } from "./plain_text.jsx";
import { selectIn, selectedIn } from "./selection.js";
import { BlockText, Table } from "./tables.jsx";
import { isTooMuch } from "./too_much.js";
import { remarkLeftOver } from "./unfinished.js";
import { say } from "./words.js";

const HEADING = /^ {0,3}#{1,6}\s/;
const FORMULA = /\$\$[\s\S]*?\$\$/g;
const BLOCKS_A_GROUP = 20;

// Models break lines in the cells of a table with the one tag that markdown has no other way to say.
function remarkLineBreaks() {
  return function change(node) {
    if (node.type === "html" && /^<br\s*\/?>$/i.test(node.value)) node.type = "break";
    node.children?.forEach(change);
  };
}

// Raw HTML in an answer stays text: the plugin that would parse it is left out.
const { sanitize, harden } = defaultRehypePlugins;
const { gfm, ...otherRemarkPlugins } = defaultRemarkPlugins;
const remarkGfm = [[gfm].flat()[0], { singleTilde: false }];
const PLUGINS = {
  remarkPlugins: [
    remarkGfm,
    ...Object.values(otherRemarkPlugins),
    remarkLeftOver,
    remarkFootnoteMarks,
    remarkLineBreaks,
  ],
  rehypePlugins: [sanitize, harden],
};

const withMath = ({ remark, rehype }) => ({
  remarkPlugins: [...PLUGINS.remarkPlugins, remark],
  rehypePlugins: [...PLUGINS.rehypePlugins, rehype],
});

function Checkbox({ checked, type }) {
  return <input type={type} checked={checked} disabled aria-label={checked ? say("task.done") : say("task.open")} />;
}

function Item({ node, className, ...props }) {
  return <li className={className?.includes("task-list-item") ? "task" : undefined} {...props} />;
}

const plain = (Tag) =>
  function Element({ node, className, ...props }) {
    return <Tag {...props} />;
  };

// Beneath the heading of its turn, which is the second level of the page; it looks as it was written.
const heading = (level) =>
  function Heading({ node, className, ...props }) {
    const Tag = `h${Math.min(level + 2, 6)}`;
    return <Tag data-level={level} {...props} />;
  };

const COMPONENTS = {
  ...defaultComponents,
  a: Link,
  img: RemoteImage,
  input: Checkbox,
  li: Item,
  table: Table,
  code: (props) => ("data-block" in props ? <MarkdownCode {...props} /> : <code>{props.children}</code>),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, heading(level)])),
  ...Object.fromEntries(
    ["p", "ul", "ol", "blockquote", "hr", "strong", "sub", "sup"]
      .concat(["section", "thead", "tbody", "tr", "th", "td"])
      .map((tag) => [tag, plain(tag)]),
  ),
};

// React writes a text that grew anew, which takes away what the reader has selected in it; it is given back. What the
// parser can't bear is shown as it was written.
class Frame extends Component {
  element = createRef();
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  getSnapshotBeforeUpdate() {
    return selectedIn(this.element.current);
  }

  componentDidUpdate(_, __, selected) {
    if (selected !== null) selectIn(this.element.current, selected);
  }

  render() {
    const { content, children, ...attributes } = this.props;
    return (
      <div ref={this.element} {...attributes}>
        {this.state.failed ? <PlainText text={content} /> : children}
      </div>
    );
  }
}

const Passage = memo(function Passage({ content, isIncomplete, plugins }) {
  const hasMath = content.includes("$$");
  // Until formulas can be drawn, their place is kept; where they can't be, they are shown as they were written.
  const shown = hasMath && plugins === undefined ? content.replace(FORMULA, "…") : content;
  const used = (hasMath && plugins) || PLUGINS;
  return (
    <BlockText.Provider value={content}>
      <Block {...used} content={shown} isIncomplete={isIncomplete} components={COMPONENTS} />
    </BlockText.Provider>
  );
});

function Note({ text, plugins }) {
  return isTooMuch(text) ? <PlainText text={text} /> : <Passage content={text} plugins={plugins} />;
}

const AnyBlock = memo(function AnyBlock({ content, isIncomplete, plugins }) {
  const fence = readFence(content);
  if (fence) {
    const Fence = fence.language.toLowerCase() === "mermaid" ? Diagram : Code;
    return (
      <div dir="ltr">
        <Fence key={fence.language} {...fence} open={isIncomplete} />
      </div>
    );
  }
  return (
    <Frame content={content} dir={detectTextDirection(content.slice(0, 1000))} data-heading={HEADING.test(content)}>
      {isTooMuch(content) ? (
        <PlainText text={content} />
      ) : (
        <Passage content={content} isIncomplete={isIncomplete} plugins={plugins} />
      )}
    </Frame>
  );
});

// A finished block is never drawn again; in groups, many of them are passed over at once.
const Group = memo(
  function Group({ blocks, streaming, plugins }) {
    return blocks.map((content, index) => (
      <AnyBlock
        key={index}
        content={content}
        isIncomplete={streaming && index === blocks.length - 1}
        plugins={plugins}
      />
    ));
  },
  (old, { blocks, streaming, plugins }) =>
    old.streaming === streaming &&
    old.plugins === plugins &&
    old.blocks.length === blocks.length &&
    old.blocks.every((content, index) => content === blocks[index]),
);

// The marks in the text are drawn again only when the notes they lead to have changed.
function useFootnotes(id, { numbers, notes }, streaming) {
  const noted = notes.map(({ label }) => label);
  const labels = JSON.stringify([[...numbers.keys()], noted]);
  return useMemo(() => ({ id, numbers, noted: new Set(noted), streaming }), [id, labels, streaming]);
}

// An id makes the footnotes of one text others than those of all others; a text that `grows` is one of texts.js, and
// one that is `cut` has ended without being finished.
export const Markdown = memo(function Markdown({ id, text, streaming, grows, cut, className = "prose" }) {
  const element = useRef(null);
  const [cutter] = useState(() => new Blocks());
  const parts = cutter.split(text, streaming, cut);
  const { blocks, notes } = parts;
  const math = useMath(blocks.some((block) => block.includes("$$")) || notes.some((note) => note.text.includes("$$")));
  const plugins = useMemo(() => math && withMath(math), [math]);
  const footnotes = useFootnotes(id, parts, streaming);
  useGrowingEnd(id, element, text, grows ? parts.end : null);
  const groups = [];
  for (let at = 0; at < blocks.length; at += BLOCKS_A_GROUP) groups.push(blocks.slice(at, at + BLOCKS_A_GROUP));
  return (
    <div ref={element} className={streaming ? `${className} growing` : className}>
      <Footnotes.Provider value={footnotes}>
        {groups.map((group, index) => (
          <Group
            key={index}
            blocks={group}
            streaming={streaming && index === groups.length - 1}
            plugins={plugins}
          />
        ))}
        <FootnoteList notes={notes} draw={(note) => <Note text={note} plugins={plugins} />} />
      </Footnotes.Provider>
    </div>
  );
});
