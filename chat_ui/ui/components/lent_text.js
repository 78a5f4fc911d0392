// A text of React's that something is added to until React draws it again. React writes only what it knows to be
// another: where words turned into a link, the text before that is what it was, and what was added to it is taken away.
export class LentText {
  #node;
  #had;
  #writes = new MutationObserver(() => {});

  constructor(node) {
    [this.#node, this.#had] = [node, node.data];
    this.#writes.observe(node, { characterData: true });
  }

  appendData(words) {
    this.#node.appendData(words);
    this.#writes.takeRecords();
  }

  giveBack() {
    if (this.#writes.takeRecords().length === 0) this.#node.data = this.#had;
    this.#writes.disconnect();
  }
}
