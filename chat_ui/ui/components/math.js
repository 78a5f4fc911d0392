// KaTeX is a quarter of a megabyte: it is fetched when an answer first holds math.
import { useEffect, useState } from "react";

// A price is not math: a single dollar sign never starts any.
const HOLDS_MATH = /\$\$/;
const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/;
const BRACKETS = /\\\[([\s\S]*?)\\\]|\\\(([^\n]*?)\\\)/g;

// Most models write \(…\) and \[…\]; markdown takes the backslashes away before anyone can see them.
export function withDollars(text) {
  if (!text.includes("\\(") && !text.includes("\\[")) return text;
  const swap = (_, display, inline) => (display === undefined ? `$$${inline}$$` : `\n$$\n${display.trim()}\n$$\n`);
  return text
    .split(CODE)
    .map((part, index) => (index % 2 ? part : part.replace(BRACKETS, swap)))
    .join("");
}

// A formula must not link, load, or expand without end.
const KATEX = { strict: "ignore", trust: false, maxExpand: 1000, maxSize: 20, errorColor: "var(--danger)" };

let loaded = null;
let loading = null;

async function load() {
  const [remarkMath, rehypeKatex] = await Promise.all([
    import("remark-math"),
    import("rehype-katex"),
    import("katex/dist/katex.min.css"),
  ]);
  const remarkPlugin = [remarkMath.default, { singleDollarTextMath: false }];
  const rehypePlugin = [rehypeKatex.default, KATEX];
  loaded = { math: { name: "katex", type: "math", remarkPlugin, rehypePlugin } };
  return loaded;
}

export function useMath(text) {
  const [plugins, setPlugins] = useState(loaded);
  const needed = plugins === null && HOLDS_MATH.test(text);
  useEffect(() => {
    if (!needed) return;
    loading ??= load();
    loading.then(setPlugins, () => {
      loading = null;
    });
  }, [needed]);
  return plugins ?? undefined;
}
