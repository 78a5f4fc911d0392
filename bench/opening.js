// When a conversation's messages, and when its end, are first in sight: window.bench.first and window.bench.end, in
// milliseconds since the page was asked for. Begins with the document.
(() => {
  const bench = (window.bench = { first: 0, end: 0 });
  const look = (now) => {
    const last = [...document.querySelectorAll("article")].at(-1);
    if (document.querySelector("article .prose")) bench.first ||= now;
    if (last?.querySelector(".prose") && last.getBoundingClientRect().bottom <= innerHeight) bench.end = now;
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
