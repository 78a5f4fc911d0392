// The text of a code block, which takes color as it comes. Its lines are put where they stand without React, and so is
// what they grow by: React needn't know of that until it draws the block again.
import { BETWEEN_SLICES_MS, PLAIN, SLICE_MS } from "./code_highlight.js";
import { CodeLines } from "./code_lines.js";
import { holdsSelection, selectIn, selectedIn } from "./selection.js";

const LINES_A_CHUNK = 50;
const COLOR_EVERY_MS = 120;
const WAIT_MS = 400;
const LINES_AT_ONCE = 20;

// What may make code read otherwise than it runs.
export const HIDDEN_MARKS = /[\u202a-\u202e\u2066-\u2069]/;

const BOLD = 2;
const ITALIC = 1;

const texts = new WeakMap();

// The text of a block of an answer that is code.
export const codeIn = (block) => texts.get(block.querySelector("pre code"));

function spanIn(parent, className) {
  const span = document.createElement("span");
  span.className = className;
  parent.append(span);
  return span;
}

function drawToken({ content, color, fontStyle }) {
  if (color === PLAIN && !fontStyle) return new Text(content);
  const span = document.createElement("span");
  span.style.color = color;
  if (fontStyle & BOLD) span.style.fontWeight = 600;
  if (fontStyle & ITALIC) span.style.fontStyle = "italic";
  span.append(content);
  return span;
}

const isSame = (token, other) =>
  token.content === other?.content && token.color === other.color && token.fontStyle === other.fontStyle;

const lengthOf = (tokens) => tokens.reduce((length, { content }) => length + content.length, 0);

// A line that is still being written may be ahead of its tokens: the rest of it stands after them.
class Line {
  #element;
  #tokens = [];
  #rest = new Text("\n");

  constructor(chunk) {
    this.#element = spanIn(chunk, "code-line");
    this.#element.append(this.#rest);
  }

  draw({ text, tokens }) {
    const selected = selectedIn(this.#element);
    if (tokens !== this.#tokens) this.#color(tokens);
    const had = this.#rest.data.slice(0, -1);
    const rest = text.slice(lengthOf(tokens));
    if (rest.startsWith(had)) this.#rest.insertData(had.length, rest.slice(had.length));
    else this.#rest.data = `${rest}\n`;
    if (selected !== null) selectIn(this.#element, selected);
  }

  #color(tokens) {
    const other = tokens.findIndex((token, index) => !isSame(token, this.#tokens[index]));
    const kept = other < 0 ? tokens.length : other;
    while (this.#element.childNodes.length - 1 > kept) this.#rest.previousSibling.remove();
    this.#rest.before(...tokens.slice(kept).map(drawToken));
    this.#tokens = tokens;
  }
}

export class CodeText {
  #fit;
  #element = null;
  #lines = new CodeLines();
  #drawn = [];
  #tokenizer = null;
  #open = false;
  #isAhead = false;
  #colored = 0;
  #timer = 0;

  // Args: how many lines of it fit into a block that isn't folded.
  constructor(fit) {
    this.#fit = fit;
  }

  get source() {
    return this.#lines.source;
  }

  get count() {
    return this.#lines.count;
  }

  // Draws what React knows of it, unless it has grown since.
  show(element, source, tokenizer, open) {
    texts.set(element, this);
    [this.#element, this.#tokenizer, this.#open] = [element, tokenizer, open];
    if (!this.#isAhead) this.#read(source);
    this.#color();
  }

  // Draws what it has grown by; whether that could be done here. React folds a block that gets long, and warns of
  // marks.
  grow(fresh) {
    const count = this.count + fresh.split("\n").length - 1;
    const isFolded = this.count <= this.#fit && count > this.#fit;
    if (!this.source || isFolded || HIDDEN_MARKS.test(fresh)) return false;
    this.#isAhead = true;
    this.#lines.grow(fresh);
    if (performance.now() - this.#colored >= COLOR_EVERY_MS) {
      this.#color();
    } else {
      this.#draw();
      this.#timer ||= setTimeout(this.#color, COLOR_EVERY_MS);
    }
    return true;
  }

  // React draws all of it.
  end() {
    this.#isAhead = false;
  }

  leave() {
    clearTimeout(this.#timer);
  }

  #read(source) {
    if (!source.startsWith(this.source)) {
      [this.#lines, this.#drawn] = [new CodeLines(), []];
      this.#element.replaceChildren();
    }
    this.#lines.grow(source.slice(this.source.length));
  }

  // What is being written is colored as it is drawn, what was there before in small slices afterwards: but not while
  // the reader has selected some of it, which would be given back to them for each slice.
  #color = () => {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const waits = this.#lines.left > LINES_AT_ONCE && holdsSelection(this.#element);
    const isBehind = this.#tokenizer !== null && (waits || this.#tokenize());
    this.#draw();
    this.#colored = performance.now();
    if (isBehind) this.#timer = setTimeout(this.#color, waits ? WAIT_MS : BETWEEN_SLICES_MS);
  };

  #tokenize() {
    const isBehind = this.#lines.tokenize(this.#tokenizer, this.#open, performance.now() + SLICE_MS);
    this.#element.dataset.tokenized = this.#lines.tokenized;
    return isBehind;
  }

  #draw() {
    for (const [index, line] of this.#lines.takeChanged()) {
      this.#drawn[index] ??= this.#addLine(index % LINES_A_CHUNK);
      this.#drawn[index].draw(line);
    }
  }

  #addLine(index) {
    const chunk = index === 0 ? spanIn(this.#element, "code-chunk") : this.#element.lastElementChild;
    chunk.style.setProperty("--lines", index + 1);
    return new Line(chunk);
  }
}
