// Shiki with its JavaScript engine. It and each grammar are fetched when a block first needs them.
import { useEffect, useState } from "react";
import { findLanguage } from "./code_languages.js";
import { once, untilFetched } from "./fetched.js";

const LONGEST_LINE = 2000;
// A line that takes longer stays without its colors. The first of a language has its expressions made as well, which
// a slow machine needs more than the usual half second for.
const LONGEST_MS = 5000;

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

const tokenizers = new Map();

const start = once(async () => {
  const [primitive, engine] = await Promise.all([
    import("@shikijs/primitive"),
    import("@shikijs/engine-javascript"),
  ]);
  const shiki = primitive.createShikiPrimitive({
    engine: engine.createJavaScriptRegexEngine({ forgiving: true }),
    themes: [THEME],
  });
  return { ...primitive, shiki };
});

async function load(language) {
  const [{ shiki, codeToTokensBase, getLastGrammarState }, grammar] = await Promise.all([start(), language.load()]);
  shiki.loadLanguageSync(grammar.default);
  const fixed = {
    lang: grammar.default.at(-1).name,
    theme: THEME.name,
    tokenizeMaxLineLength: LONGEST_LINE,
    tokenizeTimeLimit: LONGEST_MS,
  };
  tokenizers.set(language.name, (line, grammarState) => {
    const lines = codeToTokensBase(shiki, line, { ...fixed, grammarState });
    return { tokens: lines[0], state: getLastGrammarState(shiki, lines) };
  });
}

// A function from a line and the state before it to its tokens and the state after it; null until it is here, and for
// a language that nobody knows.
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
