// Where the focus goes. An element that goes away takes the focus with it, and a keyboard would have to begin again at
// the top of the page: here it goes to what stands nearest instead.
import { isTouch } from "./screen.js";

const STOPS =
  'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), select, summary, [tabindex="0"]';
// What was deleted can be brought back from here.
const WAY_BACK = ".undo button";
const FALLBACKS = [".composer textarea", "main", ".sidebar button"];

let trail = [];
let rescued = null;

export const isSeen = (element) => element.getClientRects().length > 0 && !element.closest("[inert]");

// The element and what it stands in, each with its place among its siblings.
function trailOf(element) {
  const steps = [];
  for (let at = element; at.parentElement; at = at.parentElement) {
    steps.push({ element: at, parent: at.parentElement, place: [...at.parentElement.children].indexOf(at) });
  }
  return steps;
}

function stopIn(element) {
  if (!element || !isSeen(element)) return undefined;
  return element.matches(STOPS) ? element : [...element.querySelectorAll(STOPS)].find(isSeen);
}

function nearest() {
  const wayBack = document.querySelector(WAY_BACK);
  if (wayBack) return wayBack;
  for (const { parent, place } of trail) {
    if (!parent.isConnected || !isSeen(parent)) continue;
    if (parent === document.body || parent.matches("main, .app")) break;
    const near = [place, place - 1].map((at) => stopIn(parent.children[at])).find(Boolean) ?? stopIn(parent);
    if (near) return near;
    if (parent.hasAttribute("tabindex")) return parent;
  }
  const places = isTouch() ? FALLBACKS.slice(1) : FALLBACKS;
  return places.map((place) => document.querySelector(place)).find((place) => place && isSeen(place));
}

function keep(changed) {
  const [had] = trail;
  if (!had || document.activeElement !== document.body) return;
  if (had.element.isConnected && isSeen(had.element) && !had.element.matches(":disabled")) {
    // Disabled for less than a frame, it has lost the focus all the same.
    if (changed.includes(had.element)) had.element.focus({ preventScroll: true });
    return;
  }
  rescued = nearest();
  rescued?.focus({ preventScroll: true });
}

// Whether nobody has put the focus where it is: what had it went away.
export function isFocusAdrift() {
  return [document.body, rescued].includes(document.activeElement);
}

export function keepFocus() {
  const note = ({ target }) => {
    trail = trailOf(target);
    if (target !== rescued) rescued = null;
  };
  // A click on nothing is no loss: the person has looked elsewhere.
  const forget = ({ target }) => {
    if (!target.closest(STOPS)) trail = [];
  };
  // A disabled element loses the focus with the next frame, a removed one at once; what is added takes none.
  const observer = new MutationObserver((records) => {
    const changed = records.filter(({ type }) => type === "attributes").map(({ target }) => target);
    if (changed.length > 0) requestAnimationFrame(() => keep(changed));
    if (changed.length > 0 || records.some(({ removedNodes }) => removedNodes.length > 0)) keep(changed);
  });
  document.addEventListener("focusin", note);
  document.addEventListener("pointerdown", forget);
  observer.observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["disabled", "hidden"],
  });
  return () => {
    document.removeEventListener("focusin", note);
    document.removeEventListener("pointerdown", forget);
    observer.disconnect();
  };
}

const messages = () => [...document.querySelectorAll(".thread-content article")];

function goToMessage(message) {
  if (!message || !isSeen(message)) return;
  message.focus({ preventScroll: true });
  message.scrollIntoView({ block: "start" });
}

export function goToLatestAnswer() {
  goToMessage(messages().findLast((message) => message.dataset.role === "assistant"));
}

// The message that has the focus counts, else the one that the reader sees first.
export function goByMessages(step) {
  const all = messages();
  const focused = all.indexOf(document.activeElement.closest("article"));
  if (focused >= 0) return goToMessage(all[focused + step]);
  const { top } = document.querySelector(".thread-scroll")?.getBoundingClientRect() ?? { top: 0 };
  return goToMessage(all.find((message) => message.getBoundingClientRect().bottom > top));
}
