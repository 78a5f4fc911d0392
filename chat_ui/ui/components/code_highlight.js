// Shiki with its JavaScript engine. It and each grammar are fetched when a block first needs them.
import { useEffect, useState } from "react";
import { findLanguage } from "./code_languages.js";
import { once, untilFetched } from "./fetched.js";

const LONGEST_LINE = 2000;
// A line that takes longer stays without its colors; a slow machine may need more than the usual half second for it.
const LONGEST_MS = 5000;

// For how long lines are colored at once, and how long all else has until it goes on.
export const SLICE_MS = 8;
export const BETWEEN_SLICES_MS = 16;

export const PLAIN = "inherit";

const painted = (foreground, scope) => ({ scope, settings: { foreground } });
const plain = (...scope) => painted(PLAIN, scope);
const colored = (name, ...scope) => painted(`var(--code-${name})`, scope);

const THEME = {
  name: "chat-ui",
  fg: PLAIN,
  bg: "transparent",
  settings: [
    colored("comment", "comment", "punctuation.definition.comment", "string.quoted.docstring"),
    colored("string", "string", "punctuation.definition.string", "markup.inline.raw", "markup.inserted"),
    colored("string", "constant.other.symbol", "string.regexp"),
    colored("comment", "string.quoted.docstring punctuation.definition.string"),
    colored("number", "constant.numeric", "constant.language", "constant.character", "constant.other.color"),
    colored("number", "support.constant", "keyword.other.unit"),
    colored("keyword", "keyword", "storage", "entity.name.tag", "markup.heading", "punctuation.definition.directive"),
    plain("keyword.operator", "punctuation", "storage.type.function.arrow", "meta.embedded"),
    plain("string.unquoted.argument"),
    colored("keyword", "keyword.operator.new", "keyword.operator.expression", "keyword.operator.logical.python"),
    colored("keyword", "keyword.operator.wordlike", "variable.language.this"),
    colored("function", "entity.name.function", "support.function", "meta.function-call.generic"),
    colored("function", "entity.name.function.decorator", "punctuation.definition.decorator"),
    colored("type", "entity.name.type", "entity.name.class", "entity.name.namespace", "support.class"),
    colored("type", "support.type", "entity.other.inherited-class", "entity.other.attribute-name"),
    colored("type", "support.type.property-name", "variable.other.property.css", "entity.name.section"),
    colored("type", "punctuation.support.type.property-name"),
    colored("string", "punctuation.definition.inserted"),
    colored("removed", "markup.deleted", "punctuation.definition.deleted", "invalid"),
    { scope: ["markup.bold", "markup.heading"], settings: { fontStyle: "bold" } },
    { scope: ["markup.italic"], settings: { fontStyle: "italic" } },
  ],
};

const TIME_IS_UP = new Error("There was no time for all of a line's expressions.");

const rest = () => new Promise((resolve) => setTimeout(resolve, BETWEEN_SLICES_MS));

const tokenizers = new Map();
let deadline = Infinity;

// A line has its expressions made when it first needs them: hundreds, for the first of a language, which would let
// nothing move for a tenth of a second on a slow machine. So each is made by itself, and once time is up the line is
// left as it is; those that were made are there when it is tried again.
function inSlices(engine) {
  const made = new Set();
  const make = (pattern) => {
    const scanner = engine.createScanner([pattern]);
    // The browser compiles an expression when it runs it, and once more, for good, when it runs it again.
    for (let run = 0; run < 2; run += 1) scanner.findNextMatchSync("", 0);
    made.add(pattern);
    if (performance.now() > deadline) throw TIME_IS_UP;
  };
  return {
    ...engine,
    createScanner(patterns) {
      for (const pattern of patterns) if (!made.has(pattern)) make(pattern);
      return engine.createScanner(patterns);
    },
  };
}

const start = once(async () => {
  const [primitive, engine] = await Promise.all([
    import("@shikijs/primitive"),
    import("@shikijs/engine-javascript"),
  ]);
  const shiki = primitive.createShikiPrimitive({
    engine: inSlices(engine.createJavaScriptRegexEngine({ forgiving: true })),
    themes: [THEME],
  });
  return { ...primitive, shiki };
});

async function load(language) {
  const [{ shiki, codeToTokensBase, getLastGrammarState }, grammar] = await Promise.all([start(), language.load()]);
  // Each step by itself: a key that is pressed meanwhile waits for one of them.
  await rest();
  shiki.loadLanguageSync(grammar.default);
  const fixed = {
    lang: grammar.default.at(-1).name,
    theme: THEME.name,
    tokenizeMaxLineLength: LONGEST_LINE,
    tokenizeTimeLimit: LONGEST_MS,
  };
  const tokenize = (line, grammarState, until) => {
    deadline = until;
    try {
      const lines = codeToTokensBase(shiki, line, { ...fixed, grammarState });
      return { tokens: lines[0], state: getLastGrammarState(shiki, lines) };
    } catch (error) {
      if (error !== TIME_IS_UP) throw error;
      return null;
    }
  };
  // What any line may begin with, which is most of it, is there before one is drawn.
  do await rest();
  while (tokenize(" ", undefined, performance.now() + SLICE_MS) === null);
  tokenizers.set(language.name, tokenize);
}

// A function from a line and the state before it to its tokens and the state after it, or to null where that couldn't
// be found out until the time it is given; null itself until it is here, and for a language that nobody knows.
export function useTokenizer(name) {
  const language = findLanguage(name);
  const [, arrived] = useState(null);
  const tokenize = tokenizers.get(language?.name) ?? null;
  useEffect(() => {
    if (language === null || tokenize !== null) return undefined;
    return untilFetched(() => load(language), () => arrived(language));
  }, [language, tokenize]);
  return tokenize;
}
