// Formulas: how models write them, told from prices, and how they are drawn. KaTeX is a quarter of a megabyte: it is
// fetched when an answer first holds math.
import { useEffect, useState } from "react";
import stylesUrl from "katex/dist/katex.min.css?url&no-inline";
import { once, stylesheet, untilFetched } from "./fetched.js";

const CODE = /(`{3,}[\s\S]*?(?:`{3,}|$)|`[^`\n]*`)/;
const WITHIN = String.raw`(?:[^\n]|\n(?!\s*\n))`;
const DISPLAY = new RegExp(String.raw`\\\[(${WITHIN}+?)\\\]|^([ \t>]*)\$\$(?!\$)(${WITHIN}+?)\$\$[ \t]*$`, "gm");
const INLINE = new RegExp(String.raw`\\\((${WITHIN}+?)\\\)`, "g");
const DOLLARS = /\$\$[^$]+\$\$/g;
const ONE_DOLLAR = /(?<![\\$\p{L}\p{N}])\$(?![\s$])((?:\\.|[^$\\\n]){1,200}?)(?<![\s\\])\$(?![\p{L}\p{N}$])/gu;
const TEX = /\\[a-zA-Z{}|,;!]|[\^_]\{|[^\s]\^[^\s]/;
const WORD = /[a-zA-Z]{3,}/g;
const FUNCTIONS = new Set("sin cos tan log exp max min mod gcd lcm det dim lim sup inf deg arg ker".split(" "));
const OPENING = /\\[([]|\$\$|\$(?!\s)/;
const LONGEST_HELD = 80;

// Between single dollars stands a formula if nobody would write a price or a shell variable so.
function isFormula(text) {
  return TEX.test(text) || (text.match(WORD) ?? []).every((word) => FUNCTIONS.has(word));
}

function outsideCode(text, change) {
  return text
    .split(CODE)
    .map((part, index) => (index % 2 ? part : change(part)))
    .join("");
}

// What a new line needs to stay in the list or quote that the text before it stands in.
function margin(text, offset) {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?/.exec(line)[0].replace(/[^\s>]/g, " ");
}

function onLinesOfItsOwn(formula, indent) {
  const lines = formula.trim().split("\n").map((line) => indent + line.trim());
  return [`${indent}$$`, ...lines, `${indent}$$`].join("\n");
}

// Formulas as the markdown parser knows them: between $$, on lines of its own what is to be displayed. Most models
// write \(…\) and \[…\], whose backslashes markdown would take away before anyone could see them; many write $…$.
export function withDollars(text) {
  if (!/\$|\\[([]/.test(text)) return text;
  const display = (whole, bracketed, before, dollared, offset, all) => {
    if (bracketed === undefined) return onLinesOfItsOwn(dollared, before);
    const indent = margin(all, offset);
    const begins = all.slice(all.lastIndexOf("\n", offset - 1) + 1, offset).trim() === "";
    const formula = onLinesOfItsOwn(bracketed, indent);
    const after = all[offset + whole.length] === "\n" ? "" : `\n${indent}`;
    return (begins ? formula.slice(indent.length) : `\n${formula}`) + after;
  };
  return outsideCode(text, (part) =>
    part
      .replace(DISPLAY, display)
      .replace(INLINE, (_, formula) => `$$${formula.replaceAll("\n", " ").trim()}$$`)
      .replace(ONE_DOLLAR, (whole, formula) => (isFormula(formula) ? `$$${formula}$$` : whole)),
  );
}

// Formulas within a line, as most programs know them.
export function withOneDollar(text) {
  return outsideCode(text, (part) => part.replace(/\$\$([^$\n]+)\$\$/g, (_, formula) => `$${formula}$`));
}

// Where the last line of a growing text holds the beginning of a formula; null where it doesn't.
export function halfFormula(line) {
  const blank = (match) => " ".repeat(match.length);
  const masked = [/`[^`]*`?/g, INLINE, DISPLAY, DOLLARS, ONE_DOLLAR].reduce(
    (text, closed) => text.replace(closed, blank),
    line,
  );
  const at = masked.search(OPENING);
  if (at < 0) return null;
  const begun = masked.slice(at);
  if (!begun.startsWith("$") || begun.startsWith("$$")) return at;
  const formula = begun.slice(1);
  const isPlausible = /^\d/.test(formula) ? TEX.test(formula) : isFormula(formula);
  return isPlausible && formula.length < LONGEST_HELD ? at : null;
}

// A formula must not link, load, or expand without end.
const KATEX = { strict: "ignore", trust: false, maxExpand: 1000, maxSize: 20, errorColor: "var(--danger)" };

// A formula that is wider than the column scrolls in itself: a keyboard has to come to it.
function reachable(node) {
  if (node.properties?.className?.includes("katex-display")) node.properties.tabIndex = 0;
  else node.children?.forEach(reachable);
}

const reachably = (draw) => (options) => {
  const transform = draw(options);
  return (tree, file) => {
    transform(tree, file);
    reachable(tree);
  };
};

let loaded = null;

const load = once(async () => {
  const [remarkMath, rehypeKatex] = await Promise.all([
    import("remark-math"),
    import("rehype-katex"),
    stylesheet(stylesUrl),
  ]);
  loaded = {
    remark: [remarkMath.default, { singleDollarTextMath: false }],
    rehype: [reachably(rehypeKatex.default), KATEX],
  };
  return loaded;
});

// The plugins that draw formulas, when a text has some: undefined until they are here, null while they can't be had.
export function useMath(needed) {
  const [plugins, setPlugins] = useState(loaded ?? undefined);
  useEffect(() => {
    if (!needed || plugins) return undefined;
    return untilFetched(load, setPlugins, () => setPlugins(null));
  }, [needed, Boolean(plugins)]);
  return loaded ?? plugins;
}
