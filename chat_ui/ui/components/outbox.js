// Messages on their way to the server. They live outside the page, because a person may leave it before
// the server has said that a message is stored (see chat_ui/state/wire.py):
//   {id, conversation}   stored, in this conversation
//   {id, refused}        not taken, and why
//
// A lost connection loses what was sent over it. The same id sent twice is one message, so a message that
// nobody has answered is simply sent again, and one that was interrupted by a reload or refused keeps its id:
// of several copies on their way, one may be taken after another was refused.
import { useSyncExternalStore } from "react";
import { refs } from "$/utils/state";
import { draftAt, keepDraft } from "./drafts.js";
import { recall, recallHere, remember, rememberHere } from "./storage.js";
import { tellUntilAnswered } from "./telling.js";

const NOTHING = Object.freeze({ sending: false, refusal: "" });

const sending = new Map();
const turnedDown = new Map();
const states = new Map();
const listeners = new Set();
let watcher = null;
let begun = "";

const idKey = (place) => `chat-ui:sending:${place}`;

function put(place, state) {
  states.set(place, { ...NOTHING, ...state });
  listeners.forEach((notify) => notify());
}

// A page served over plain http to another host has no crypto.randomUUID.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Another tab may have sent something else from there since.
const sentFrom = (place) => recallHere(idKey(place)) || recall(idKey(place));

function noteSent(place, message) {
  rememberHere(idKey(place), message);
  remember(idKey(place), message);
}

function idFor(place, text) {
  const [id, ...words] = sentFrom(place).split("\n");
  return id && words.join("\n") === text ? id : newId();
}

// A place is where something is written: a conversation, ``edit:`` and the message that is reworded, or ``title:`` and
// the conversation that is renamed. Wherever the person is then, ``onAnswer`` hears whether it was refused.
export function post(place, draft, deliver, onAnswer = () => {}) {
  if (states.get(place)?.sending) return;
  const id = draft.id ?? idFor(place, draft.text);
  const message = { conversation_id: place, ...draft, id };
  noteSent(place, `${id}\n${draft.text}`);
  turnedDown.delete(id);
  sending.set(id, { place, message, onAnswer, end: tellUntilAnswered(() => deliver(message)) });
  put(place, { sending: true });
}

// Sends nothing more from a place, but for the messages that are still wanted.
export function withdraw(place, wanted = []) {
  for (const [id, sent] of sending) {
    if (sent.place !== place || wanted.includes(id)) continue;
    sent.end();
    sending.delete(id);
    put(place, {});
  }
}

function answered({ id, conversation = "", refused = "" }) {
  const isAwaited = sending.has(id);
  const sent = sending.get(id) ?? turnedDown.get(id);
  if (!sent || (refused && !isAwaited)) return;
  const { place: from, message: { text } } = sent;
  sent.end();
  sending.delete(id);
  sent.onAnswer(refused);
  if (refused) {
    turnedDown.set(id, sent);
    put(from, { refusal: refused });
    return;
  }
  turnedDown.delete(id);
  if (sentFrom(from).startsWith(id)) noteSent(from, "");
  const isDraft = draftAt(from) === text;
  // Taken after all, when something else has been written here: that stays, and who writes it stays here.
  if (!isAwaited && !isDraft) return;
  if (isDraft) keepDraft(from, "");
  put(from, {});
  if (!from) begun = conversation;
  watcher?.(from, conversation, text);
}

refs["ref_composer"] = {
  current: {
    set value(answer) {
      answered(answer);
    },
  },
};

// Whoever shows the composer now learns where a message went; who has left it is not called back.
export function watch(onStored) {
  watcher = onStored;
  return () => {
    if (watcher === onStored) watcher = null;
  };
}

// Whether a message of this tab has begun the conversation; told once.
export function takeBegun(conversation) {
  if (!begun || begun !== conversation) return false;
  begun = "";
  return true;
}

export const isSending = () => sending.size > 0;

export function forgive(place) {
  put(place, {});
}

function subscribe(notify) {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export function useOutbox(place) {
  return useSyncExternalStore(
    subscribe,
    () => states.get(place) ?? NOTHING,
    () => NOTHING,
  );
}
