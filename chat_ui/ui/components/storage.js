// What this browser remembers. It may refuse to (see ../first.js); while the page is built there is none at all.
export function recall(key) {
  return globalThis.localStorage?.getItem(key) ?? "";
}

export function remember(key, value) {
  if (value) localStorage.setItem(key, value);
  else localStorage.removeItem(key);
}
