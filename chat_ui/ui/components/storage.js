// What this browser remembers. It may refuse to (see ../first.js); while the page is built there is none at all.
export function recall(key) {
  return globalThis.localStorage?.getItem(key) ?? "";
}

export function remember(key, value) {
  if (value) localStorage.setItem(key, value);
  else localStorage.removeItem(key);
}

// What this tab remembers, and no other one; null where it never did.
export const recallHere = (key) => sessionStorage.getItem(key);

export const rememberHere = (key, value) => sessionStorage.setItem(key, value);
