// Messages that are out of sight are passed over, and so are groups of them (see page.css). They keep the height that
// they have had: so each is drawn once, wherever it is, and again when the log is another width.

const isWhole = (group) => [...group.children].every((message) => message.hasChildNodes());

// Args: the log, whose size has changed in this frame; its width before. Returns its width.
export function keepHeights(log, width) {
  // By their children: a selector would be tried on all that is in them.
  const groups = [...log.children];
  const withMessages = (some) => some.flatMap((group) => [group, ...group.children]);
  if (log.clientWidth !== width) for (const each of withMessages(groups)) delete each.dataset.drawn;
  // A whole group at once: each time that something begins to be passed over, all of the log is laid out.
  const there = withMessages(groups.filter((group) => group.hasChildNodes() && isWhole(group)));
  const fresh = there.filter((each) => !each.hasAttribute("data-drawn"));
  if (fresh.length > 0) requestAnimationFrame(() => fresh.forEach((each) => (each.dataset.drawn = true)));
  return log.clientWidth;
}
