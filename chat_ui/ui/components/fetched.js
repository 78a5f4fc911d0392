// Parts of the page that are fetched when they are first needed. A network that is gone for a moment must not leave
// them out for as long as the page is open, so they are asked for again; browsers fetch a script anew that they could
// not get (https://github.com/whatwg/html/pull/10327).
const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

// What fetches something once, however often it is asked for; what could not be fetched, at the next asking.
export function once(fetchIt) {
  let fetching = null;
  return () => {
    fetching ??= fetchIt().catch((error) => {
      fetching = null;
      throw error;
    });
    return fetching;
  };
}

// Fetches something, again and again if need be, until it is here or nobody wants it any more: what is returned says
// so.
export function untilFetched(fetchIt, onArrived, onFailed) {
  let wanted = true;
  let timer = null;
  let pause = FIRST_MS;
  const attempt = () => {
    timer = null;
    fetchIt().then(
      (part) => wanted && onArrived(part),
      () => {
        if (!wanted) return;
        onFailed?.();
        timer = setTimeout(attempt, pause);
        pause = Math.min(2 * pause, LONGEST_MS);
      },
    );
  };
  const hurry = () => {
    if (timer === null) return;
    clearTimeout(timer);
    attempt();
  };
  attempt();
  addEventListener("online", hurry);
  return () => {
    wanted = false;
    clearTimeout(timer);
    removeEventListener("online", hurry);
  };
}

// The preload of the bundler asks for a stylesheet once only, whatever became of it.
export function stylesheet(url) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = url;
    link.onload = resolve;
    link.onerror = () => {
      link.remove();
      reject(new Error(url));
    };
    document.head.append(link);
  });
}
