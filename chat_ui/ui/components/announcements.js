// What screen readers are told. A queue, so that nothing is said over something else; a pause after each, in which
// what comes up meanwhile is gathered into the next.
import { recall, remember } from "./storage.js";

const KEY = "chat-ui:announcements";
const PAUSE_MS = 1000;
const HEARD_AFTER_MS = 20_000;

export const EVERYTHING = "sentences";
export const STATUS_ONLY = "status";
export const NOTHING = "off";

export const wanted = () => recall(KEY) || EVERYTHING;
export const want = (how) => remember(KEY, how === EVERYTHING ? "" : how);

let waiting = [];
let pausing = false;

function flush() {
  const region = document.querySelector("[data-announcements]");
  if (!region || waiting.length === 0) {
    pausing = false;
    return;
  }
  const line = document.createElement("p");
  line.textContent = waiting.join(" ");
  waiting = [];
  region.append(line);
  // Later it would only be in the way of somebody who reads the page from top to bottom.
  setTimeout(() => line.remove(), HEARD_AFTER_MS);
  pausing = true;
  setTimeout(flush, PAUSE_MS);
}

export function announce(words) {
  if (!words || wanted() === NOTHING) return;
  waiting.push(words);
  if (!pausing) flush();
}

export function hush() {
  waiting = [];
}
