// Messages that are out of sight are passed over (see page.css), and keep the height that they have had. So each is drawn
// once, wherever it is, and again when the log is another width.

// Args: the log, whose size has changed in this frame; its width before. Returns its width.
export function keepHeights(log, width) {
  if (log.clientWidth !== width) for (const message of log.children) delete message.dataset.drawn;
  // By its children: a selector would be tried on all that is in them.
  const fresh = [...log.children].filter((message) => !message.hasAttribute("data-drawn") && message.hasChildNodes());
  if (fresh.length > 0) requestAnimationFrame(() => fresh.forEach((message) => (message.dataset.drawn = true)));
  return log.clientWidth;
}
