// The lines of a code block that grows. A finished line is tokenized once, from the state that the line before it left,
// and stays as it is for good.
const MOST_LINES = 5000;

// What every character that arrives pays for: the line that is still being written is tokenized again as it grows, but
// all in all no character more than three times.
const AGAIN = 2;

export class CodeLines {
  source = "";
  count = 1;
  tokenized = 0;
  #lines = [{ text: "", tokens: [] }];
  #changed = new Set([0]);
  #next = 0;
  #state = undefined;
  #purse = 0;

  // How many aren't tokenized yet.
  get left() {
    return Math.min(this.count, MOST_LINES) - this.#next;
  }

  grow(fresh) {
    if (!fresh) return;
    this.source += fresh;
    this.#purse += AGAIN * fresh.length;
    const [rest, ...more] = fresh.split("\n");
    const last = this.count - 1;
    this.#put(last, { ...this.#lines[last], text: this.#lines[last].text + rest });
    for (const [index, text] of more.entries()) this.#put(this.count + index, { text, tokens: [] });
    this.count = this.#lines.length;
  }

  // Tokenizes until a time, which may end within a line; tells whether lines are left. With `open`, the last line is
  // still being written.
  tokenize(tokenizer, open, until) {
    const growing = open ? 1 : 0;
    while (this.left > growing) {
      const found = this.#tokenizeLine(tokenizer, this.#next, until);
      if (found === null) return true;
      this.#state = found.state ?? this.#state;
      this.#next += 1;
      if (performance.now() > until) return this.left > growing;
    }
    const { text, tokens } = this.#lines[this.count - 1];
    if (this.left > 0 && text.length <= this.#purse && text !== textOf(tokens)) {
      if (this.#tokenizeLine(tokenizer, this.count - 1, until) === null) return true;
      this.#purse -= text.length;
    }
    return false;
  }

  // The lines that are others than they were when this was asked last, each after its number; new ones in order.
  takeChanged() {
    const changed = [...this.#changed].map((index) => [index, this.#lines[index]]);
    this.#changed.clear();
    return changed;
  }

  #tokenizeLine(tokenizer, index, until) {
    const { text } = this.#lines[index];
    const found = tokenizer(text, this.#state, until);
    if (found === null) return null;
    this.tokenized += text.length;
    this.#put(index, { text, tokens: found.tokens });
    return found;
  }

  #put(index, line) {
    this.#lines[index] = line;
    this.#changed.add(index);
  }
}

function textOf(tokens) {
  return tokens.map((token) => token.content).join("");
}
