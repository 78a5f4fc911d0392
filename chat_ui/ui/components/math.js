// How formulas are drawn. KaTeX is a quarter of a megabyte: it is fetched when an answer first holds math.
import { useEffect, useState } from "react";
import stylesUrl from "katex/dist/katex.min.css?url&no-inline";
import { once, stylesheet, untilFetched } from "./fetched.js";

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
