// A part of an answer as other programs should get it: without the page's buttons and classes, formulas as MathML.
const NOT_SAID = "button, .table-tools, figcaption, .visually-hidden, .katex-html, .footnote-back, input";
const KEPT = new Set(["href", "start", "value", "colspan", "rowspan", "align", "dir", "display", "xmlns", "encoding"]);
const BORDER = "border: 1px solid #999; padding: 4px 8px; text-align: start";

function renamed(element, name) {
  const other = document.createElement(name);
  other.append(...element.childNodes);
  element.replaceWith(other);
}

function cleanCopy(element) {
  const copy = element.cloneNode(true);
  for (const box of copy.querySelectorAll("input[type=checkbox]")) box.replaceWith(box.checked ? "☑ " : "☐ ");
  for (const blocked of copy.querySelectorAll("button.image-blocked")) blocked.replaceWith(blocked.dataset.alt ?? "");
  for (const image of copy.querySelectorAll("img")) image.replaceWith(image.alt);
  for (const each of copy.querySelectorAll("[data-level]")) renamed(each, `h${each.dataset.level}`);
  for (const left of copy.querySelectorAll(NOT_SAID)) left.remove();
  for (const mark of copy.querySelectorAll(".footnote-mark")) mark.replaceWith(...mark.childNodes);
  return copy;
}

// What a cell says, a formula as it was written.
export function plainText(element) {
  const copy = cleanCopy(element);
  for (const formula of copy.querySelectorAll(".katex")) {
    formula.replaceWith(formula.querySelector("annotation")?.textContent ?? formula.textContent);
  }
  return copy.textContent.trim();
}

export function richText(element) {
  const copy = cleanCopy(element);
  for (const note of copy.querySelectorAll("annotation")) note.remove();
  for (const code of copy.querySelectorAll("pre code")) code.textContent = code.textContent;
  for (const wrapper of copy.querySelectorAll("div, section, figure")) wrapper.replaceWith(...wrapper.childNodes);
  for (const each of copy.querySelectorAll("*")) {
    for (const { name } of [...each.attributes]) if (!KEPT.has(name)) each.removeAttribute(name);
    if (each.matches("th, td")) each.setAttribute("style", BORDER);
    if (each.matches("table")) each.setAttribute("style", "border-collapse: collapse");
    if (each.matches("pre")) each.setAttribute("style", "font-family: monospace; white-space: pre-wrap");
  }
  return copy.innerHTML;
}
