// What a reader has selected in something that is drawn anew, told by how much text stands before its ends: the
// elements that hold it may be others afterwards.

function lengthBefore(element, node, offset) {
  const range = new Range();
  range.setStart(element, 0);
  range.setEnd(node, offset);
  return range.toString().length;
}

function placeAfter(element, length) {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = length;
  while (texts.nextNode() && left > texts.currentNode.length) left -= texts.currentNode.length;
  return [texts.currentNode, Math.min(left, texts.currentNode.length ?? 0)];
}

// The ends of a selection, if an element holds one of them: a length of its text, or a place elsewhere.
export function selectedIn(element) {
  const { type, anchorNode, anchorOffset, focusNode, focusOffset } = getSelection();
  if (type !== "Range" || ![anchorNode, focusNode].some((node) => element.contains(node))) return null;
  const told = (node, offset) => (element.contains(node) ? lengthBefore(element, node, offset) : [node, offset]);
  return [told(anchorNode, anchorOffset), told(focusNode, focusOffset)];
}

// Selects what was selected, if it isn't any more.
export function selectIn(element, ends) {
  const now = selectedIn(element);
  if (now !== null && ends.every((end, index) => Array.isArray(end) || end === now[index])) return;
  const places = ends.map((end) => (Array.isArray(end) ? end : placeAfter(element, end)));
  if (places.every(([node]) => node.isConnected)) getSelection().setBaseAndExtent(...places.flat());
}

export function holdsSelection(element) {
  const selection = getSelection();
  return element !== null && !selection.isCollapsed && selection.containsNode(element, true);
}
