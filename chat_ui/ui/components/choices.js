// How this browser's reader wants to read. Remembered here, and known to nobody else.
import { useSyncExternalStore } from "react";
import { recall, remember } from "./storage.js";

const listeners = new Set();
const key = (name) => `chat-ui:choice:${name}`;

function subscribe(notify) {
  listeners.add(notify);
  addEventListener("storage", notify);
  return () => {
    listeners.delete(notify);
    removeEventListener("storage", notify);
  };
}

export function choose(name, isOn) {
  remember(key(name), isOn ? "on" : "");
  listeners.forEach((notify) => notify());
}

export function isChosen(name) {
  return recall(key(name)) === "on";
}

export function useChoice(name) {
  return useSyncExternalStore(
    subscribe,
    () => isChosen(name),
    () => false,
  );
}
