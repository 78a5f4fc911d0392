// What runs before anything else of the page: see first.py.
(() => {
  // A browser's storage may be full or forbidden. What it refuses is held here until the page is left, and all else
  // works.
  const refused = new WeakMap();
  const heldOf = (storage) => refused.get(storage) ?? refused.set(storage, new Map()).get(storage);
  const { getItem, setItem, removeItem } = Storage.prototype;
  const attempt = (method, storage, ...values) => {
    try {
      return { value: method.call(storage, ...values) };
    } catch {
      return null;
    }
  };
  Object.assign(Storage.prototype, {
    getItem(key) {
      return heldOf(this).get(key) ?? attempt(getItem, this, key)?.value ?? null;
    },
    setItem(key, value) {
      if (attempt(setItem, this, key, value)) heldOf(this).delete(key);
      else heldOf(this).set(key, String(value));
    },
    removeItem(key) {
      heldOf(this).delete(key);
      attempt(removeItem, this, key);
    },
  });
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name];
    } catch {
      Object.defineProperty(window, name, { value: Object.create(Storage.prototype) });
    }
  }

  // Before the first paint, or a sidebar that was left closed would be seen to close.
  if (localStorage.getItem("chat-ui:sidebar") === "closed" && innerWidth > 767) {
    document.documentElement.dataset.sidebar = "closed";
  }
})();
