// Which message is being reworded in this tab: one at a time.
import { useSyncExternalStore } from "react";

let editing = "";
const listeners = new Set();

export function edit(messageId) {
  editing = messageId;
  listeners.forEach((notify) => notify());
}

function subscribe(notify) {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export const isEditing = () => editing !== "";

export const useEditing = () => useSyncExternalStore(subscribe, () => editing, () => "");

// What a person would change first: the last thing that they said themselves.
export function editLastQuestion() {
  const said = document.querySelectorAll('[role="log"] article[data-role="user"]');
  const last = said[said.length - 1]?.dataset.messageId ?? "";
  if (last) edit(last);
  return last !== "";
}
