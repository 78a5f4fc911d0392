// Messages on their way to the server. They live outside the page, because a person may leave it before
// the server has said that a message is stored (see chat_ui/state/wire.py):
//   {id, conversation}   stored, in this conversation
//   {id, refused}        not taken, and why
//
// A lost connection loses what was sent over it. The same id sent twice is one message, so a message that
// nobody has answered is simply sent again, and one that was interrupted by a reload keeps its id.
import { useSyncExternalStore } from "react";
import { refs } from "$/utils/state";
import { recall, remember } from "./storage.js";

const RESEND_AFTER_MS = 4000;
const NOTHING = Object.freeze({ sending: false, refusal: "" });

const sending = new Map();
const states = new Map();
const listeners = new Set();
let watcher = null;

export const draftKey = (conversation) => `chat-ui:draft:${conversation}`;
const idKey = (conversation) => `chat-ui:sending:${conversation}`;

function put(conversation, state) {
  states.set(conversation, { ...NOTHING, ...state });
  listeners.forEach((notify) => notify());
}

// A page served over plain http to another host has no crypto.randomUUID.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function idFor(conversation, text) {
  const [id, ...words] = recall(idKey(conversation)).split("\n");
  return id && words.join("\n") === text ? id : newId();
}

export function post(conversation, draft, deliver) {
  if (states.get(conversation)?.sending) return;
  const id = idFor(conversation, draft.text);
  const message = { ...draft, id, conversation_id: conversation };
  remember(idKey(conversation), `${id}\n${draft.text}`);
  sending.set(id, { message, timer: setInterval(() => deliver(message), RESEND_AFTER_MS) });
  put(conversation, { sending: true });
  deliver(message);
}

function answered({ id, conversation = "", refused = "" }) {
  const sent = sending.get(id);
  if (!sent) return;
  const { conversation_id: from, text } = sent.message;
  clearInterval(sent.timer);
  sending.delete(id);
  remember(idKey(from), "");
  if (!refused && recall(draftKey(from)) === text) remember(draftKey(from), "");
  put(from, { refusal: refused });
  if (!refused) watcher?.(from, conversation);
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

export function forgive(conversation) {
  put(conversation, {});
}

function subscribe(notify) {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export function useOutbox(conversation) {
  return useSyncExternalStore(
    subscribe,
    () => states.get(conversation) ?? NOTHING,
    () => NOTHING,
  );
}
