// Messages that are out of sight are passed over, and so are groups of them (see page.css). They keep the height that they
// have had: so each is drawn once, wherever it is, and again when the log is another width.

const isThere = (part) => part.hasChildNodes();
const isWhole = (group) => isThere(group) && [...group.children].every(isThere);

// Args: the log, whose size has changed in this frame; its width before. Returns its width.
export function keepHeights(log, width) {
  // By their children: a selector would be tried on all that is in them.
  const groups = [...log.children];
  const messages = groups.flatMap((group) => [...group.children]);
  if (log.clientWidth !== width) for (const each of [...groups, ...messages]) delete each.dataset.drawn;
  const there = [...groups.filter(isWhole), ...messages.filter(isThere)];
  const fresh = there.filter((each) => !each.hasAttribute("data-drawn"));
  if (fresh.length > 0) requestAnimationFrame(() => fresh.forEach((each) => (each.dataset.drawn = true)));
  return log.clientWidth;
}
