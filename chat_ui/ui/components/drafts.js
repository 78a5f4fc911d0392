// What is being written, by place: a conversation, or ``edit:`` and the message that is reworded. Each tab writes down
// its own and nobody else's, and finds it again after a reload.
//
// A tab that has written nothing at a place begins there with what another one has left, and takes that over with the
// first change. The other one may still be there: then it writes its own down again.
import { recall, recallHere, remember, rememberHere } from "./storage.js";

const PREFIX = "chat-ui:draft:";
const TAB = "chat-ui:tab";

const begunWith = new Map();

// Its beginning is the time, so that tabs are in the order of their making.
function becomeTab() {
  rememberHere(TAB, Date.now().toString(36) + Math.random().toString(36).slice(2));
}

function thisTab() {
  if (!recallHere(TAB)) becomeTab();
  return recallHere(TAB);
}

const keyOf = (place) => `${PREFIX}${place}:${thisTab()}`;

// A duplicate of a tab has its name too: the first to find something else under it takes another one.
function ownKeyOf(place) {
  const written = recall(keyOf(place));
  if (written && written !== recallHere(PREFIX + place)) becomeTab();
  return keyOf(place);
}

function leftAt(place) {
  const key = Object.keys(localStorage)
    .filter((each) => each.startsWith(`${PREFIX}${place}:`) && each !== keyOf(place))
    .sort()
    .at(-1);
  return key && { key, text: recall(key) };
}

export function draftAt(place) {
  const own = recallHere(PREFIX + place);
  if (own !== null) return own;
  const left = leftAt(place);
  begunWith.set(place, left);
  return left?.text ?? "";
}

// Blank once it was sent or given up.
export function keepDraft(place, text) {
  const left = begunWith.get(place);
  if (left && recall(left.key) === left.text) remember(left.key, "");
  begunWith.delete(place);
  const key = ownKeyOf(place);
  rememberHere(PREFIX + place, text);
  remember(key, text);
}

export function keepOwnDrafts() {
  const onStorage = ({ key, newValue }) => {
    if (newValue !== null || !key?.startsWith(PREFIX) || !key.endsWith(`:${thisTab()}`)) return;
    const own = recallHere(key.slice(0, -thisTab().length - 1));
    if (own) remember(key, own);
  };
  window.addEventListener("storage", onStorage);
  return () => window.removeEventListener("storage", onStorage);
}
