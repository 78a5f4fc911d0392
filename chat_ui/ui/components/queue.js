// Messages that wait for the end of the answer that is being written. They stay in the browser, as a draft
// does, each with the id under which it will be sent: tabs that send the same one send one message.
import { useSyncExternalStore } from "react";
import { recall, remember } from "./storage.js";

const PREFIX = "chat-ui:queue:";
const NONE = Object.freeze([]);

const known = new Map();
// Which ones are to be sent as soon as nothing is being said. A page that is loaded anew sends nothing by itself.
const hurried = new Set();
const listeners = new Set();

function read(conversation) {
  const stored = recall(PREFIX + conversation);
  const last = known.get(conversation);
  if (last?.stored === stored) return last.items;
  let items = NONE;
  try {
    items = stored ? JSON.parse(stored).map(({ id, text }) => ({ id, text, now: hurried.has(id) })) : NONE;
  } catch {
    // Somebody else's writing under our name: there is nothing of ours in it.
  }
  known.set(conversation, { stored, items });
  return items;
}

function write(conversation, items) {
  remember(PREFIX + conversation, items.length ? JSON.stringify(items.map(({ id, text }) => ({ id, text }))) : "");
  known.delete(conversation);
  listeners.forEach((notify) => notify());
}

export function enqueue(conversation, { id, text, now }) {
  if (now) hurried.add(id);
  write(conversation, [...read(conversation), { id, text }]);
}

export function dequeue(conversation, id) {
  write(conversation, read(conversation).filter((item) => item.id !== id));
}

// To be sent as soon as nothing is being said, however the answer ended, and before the others.
export function hurry(conversation, id) {
  const [wanted] = read(conversation).filter((item) => item.id === id);
  hurried.add(id);
  if (wanted) write(conversation, [wanted, ...read(conversation).filter((item) => item !== wanted)]);
}

export function calm(conversation, id) {
  hurried.delete(id);
  write(conversation, read(conversation));
}

function subscribe(notify) {
  const onStorage = ({ key }) => (key === null || key.startsWith(PREFIX)) && notify();
  listeners.add(notify);
  window.addEventListener("storage", onStorage);
  return () => {
    listeners.delete(notify);
    window.removeEventListener("storage", onStorage);
  };
}

export const useQueue = (conversation) =>
  useSyncExternalStore(subscribe, () => read(conversation), () => NONE);
