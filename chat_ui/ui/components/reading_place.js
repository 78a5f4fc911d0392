// Where somebody is reading in the log, and how that place is kept.
//
// At the bottom the reader follows: the newest line stays in sight. Whatever speaks of another wish lets go: a scroll
// up by wheel, touch, key or the browser's find; a selection; something opened to read it. From then on what the
// reader looks at stays where it is, whatever grows, folds or comes in above, until they are at the bottom again.
const AT_BOTTOM_PX = 1;
const NEAR_BOTTOM_PX = 48;
const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);
const OPENS = "summary, [aria-expanded]:not([aria-haspopup]), [aria-pressed], .image-blocked";

// The elements around the line at the top of what is seen, the innermost first, and where each of them begins.
function elementsAt(content, top) {
  const found = [];
  for (let parent = content; parent; ) {
    const child = [...parent.children].find((each) => each.getBoundingClientRect().bottom > top);
    if (!child) break;
    const begins = child.getBoundingClientRect().top;
    found.unshift({ element: child, begins });
    if (begins >= top) break;
    parent = child;
  }
  return found;
}

const beginning = ({ element }) => element.getBoundingClientRect().top;
const isDrawn = ({ element }) => element.isConnected && element.getClientRects().length > 0;

export class ReadingPlace {
  following = true;
  hasNews = false;
  #marks = [];
  #top = 0;
  #left = 0;

  constructor(scroller, content, onChange) {
    this.scroller = scroller;
    this.content = content;
    this.onChange = onChange;
  }

  // How much is below what is seen.
  get #below() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  get isAway() {
    return !this.following && this.#below > NEAR_BOTTOM_PX;
  }

  follow() {
    this.following = true;
    this.hasNews = false;
    this.#scrollTo(this.scroller.scrollHeight);
    this.onChange();
  }

  letGo() {
    if (!this.following || this.scroller.scrollHeight <= this.scroller.clientHeight) return;
    this.following = false;
    this.#mark();
    this.onChange();
  }

  // The size of the log, or of what is in it, has changed; nothing has been painted since.
  settle(isGrowing) {
    if (this.following) this.#scrollTo(this.scroller.scrollHeight);
    else this.#hold(isGrowing);
    this.onChange();
  }

  // A fold, or a taller window, moves the log too, but then to its very end: that is no move of the reader's.
  scrolled() {
    const { scrollTop } = this.scroller;
    const moved = scrollTop - this.#top;
    const below = this.#below;
    if (below <= AT_BOTTOM_PX || (moved > 0 && below < NEAR_BOTTOM_PX)) {
      this.following = true;
      this.hasNews = false;
    } else if (moved < 0) this.following = false;
    this.#scrollTo(scrollTop + this.#cameInAbove);
    this.#mark();
    this.onChange();
  }

  // By how much what came in above has moved the messages since the last look, beside what was scrolled: a frame tells
  // of scrolls before it tells of sizes, and to take that for the reader's own way would lose their place.
  get #cameInAbove() {
    const mark = this.#marks.at(-1);
    if (this.following || !mark || !isDrawn(mark)) return 0;
    const shift = beginning(mark) - mark.begins + this.scroller.scrollTop - this.#top;
    return Math.abs(shift) < 1 ? 0 : shift;
  }

  // Before the first frame of a scroll upwards, so that no new line can take it back.
  wheeled({ deltaY }) {
    if (deltaY < 0) this.letGo();
  }

  pressed({ key, shiftKey }) {
    if (UPWARDS.has(key) || (key === " " && shiftKey)) this.letGo();
  }

  clicked({ target }) {
    if (target.closest(OPENS)) this.letGo();
  }

  selected(selection) {
    if (selection.isCollapsed) {
      if (this.#below < NEAR_BOTTOM_PX) this.following = true;
    } else if (this.content.contains(selection.anchorNode)) this.letGo();
  }

  // Not to where it is already: that would end a scroll that glides.
  #scrollTo(top) {
    if (top !== this.scroller.scrollTop) this.scroller.scrollTop = top;
    this.#top = this.scroller.scrollTop;
  }

  #mark() {
    this.#top = this.scroller.scrollTop;
    this.#marks = this.following ? [] : elementsAt(this.content, this.scroller.getBoundingClientRect().top);
    this.#left = this.#below;
  }

  #hold(isGrowing) {
    const mark = this.#marks.find(isDrawn);
    if (mark) this.#scrollTo(this.scroller.scrollTop + beginning(mark) - mark.begins);
    for (const around of this.#marks.filter(isDrawn)) around.begins = beginning(around);
    const below = this.#below;
    if (below <= NEAR_BOTTOM_PX) this.hasNews = false;
    else if (isGrowing && below > this.#left) this.hasNews = true;
    this.#left = below;
  }
}
