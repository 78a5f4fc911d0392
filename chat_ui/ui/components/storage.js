// The browser's storage may be full or forbidden. Then nothing is remembered, and all else works.
export function recall(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export function remember(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // Nothing to be done, and nothing broken.
  }
}
