// What no parser should be given: it would keep the page busy for seconds.
const LONGEST_BLOCK = 60_000;
const SAME_MARK = /([^\w\s|.\-=#])\1{399}/;
const DEEP = /^[ \t]*(?:(?:>|[*+-][ \t])[ \t]*){60}/m;
const WIDE = /^(?:[^|\n]*\|){200}/m;

// Nested or marked beyond any meaning.
export function isTangled(text) {
  return DEEP.test(text) || SAME_MARK.test(text) || WIDE.test(text);
}

export function isTooMuch(block) {
  return block.length > LONGEST_BLOCK || isTangled(block);
}
