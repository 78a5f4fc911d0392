// How models write formulas, told from prices.
const CODE = /(`{3,}[\s\S]*?(?:`{3,}|$)|`[^`\n]*`)/;
// In it stands neither a blank line nor another opening: the end would be looked for anew from each of thousands.
const formula = (opening, closing) => String.raw`${opening}((?:(?!\n\s*\n|${opening})[\s\S])+?)${closing}`;
// A backslash before it breaks a line, as in \\[2pt].
const BRACKETED = formula(String.raw`(?<!\\)\\\[`, String.raw`\\\]`);
const DOLLARED = String.raw`^([ \t>]*)` + formula(String.raw`\$\$(?!\$)`, String.raw`\$\$[ \t]*$`);
const DISPLAY = new RegExp(`${BRACKETED}|${DOLLARED}`, "gm");
const INLINE = new RegExp(formula(String.raw`(?<!\\)\\\(`, String.raw`\\\)`), "g");
const DOLLARS = /\$\$[^$]+\$\$/g;
const ONE_DOLLAR = /(?<![\\$\p{L}\p{N}])\$(?![\s$])((?:\\.|[^$\\\n]){1,200}?)(?<![\s\\])\$(?![\p{L}\p{N}$])/gu;
const WITHIN_LINE = new RegExp(String.raw`\\\(([^\n]{1,400}?)\\\)|\$\$([^$\n]{1,400})\$\$|${ONE_DOLLAR.source}`, "gu");
const TEX = /\\[a-zA-Z{}|,;!]|[\^_]\{|[^\s]\^[^\s]/;
const WORD = /[a-zA-Z]{3,}/g;
const FUNCTIONS = new Set("sin cos tan log exp max min mod gcd lcm det dim lim sup inf deg arg ker".split(" "));
const OPENING = /(?<!\\)\\[([]|\$\$|\$(?!\s)/;
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

// Where one begins in a line that holds no whole one.
export function openingIn(line) {
  const at = line.search(OPENING);
  if (at < 0) return null;
  const begun = line.slice(at);
  if (!begun.startsWith("$") || begun.startsWith("$$")) return at;
  const formula = begun.slice(1);
  const isPlausible = /^\d/.test(formula) ? TEX.test(formula) : isFormula(formula);
  return isPlausible && formula.length < LONGEST_HELD ? at : null;
}

// A line with each formula in it changed, but for those in its code.
export function changeFormulas(line, change) {
  return outsideCode(line, (part) =>
    part.replace(WITHIN_LINE, (whole, bracketed, twice, once) => {
      const isPrice = once !== undefined && !isFormula(once);
      return isPrice ? whole : change((bracketed ?? twice ?? once).trim(), whole);
    }),
  );
}

// Where the last line of a growing text holds the beginning of a formula; null where it doesn't.
export function halfFormula(line) {
  const blank = (match) => " ".repeat(match.length);
  const masked = [/`[^`]*`?/g, INLINE, DISPLAY, DOLLARS, ONE_DOLLAR].reduce(
    (text, closed) => text.replace(closed, blank),
    line,
  );
  return openingIn(masked);
}
