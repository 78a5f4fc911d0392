// Buttons that put text on the clipboard and say that they did.
import { useEffect, useState } from "react";
import { Check, Copy } from "./icons.jsx";
import { richText } from "./rich_text.js";
import { readText } from "./texts.js";
import { say } from "./words.js";

const SAID_FOR_MS = 1600;

async function toClipboard(plain, html) {
  if (navigator.clipboard) {
    if (!html) return navigator.clipboard.writeText(plain);
    const blob = (text, type) => new Blob([text], { type });
    const both = { "text/plain": blob(plain, "text/plain"), "text/html": blob(html, "text/html") };
    return navigator.clipboard.write([new ClipboardItem(both)]);
  }
  // Plain http on another host has no clipboard API: the old way still works there.
  const give = (event) => {
    event.preventDefault();
    event.clipboardData.setData("text/plain", plain);
    if (html) event.clipboardData.setData("text/html", html);
  };
  const area = document.createElement("textarea");
  area.value = " ";
  document.body.append(area);
  area.select();
  area.addEventListener("copy", give);
  document.execCommand("copy");
  area.remove();
  return undefined;
}

// `read` gives the text, and where it has a richer form, `readRich` gives that as HTML. A button without a face of its
// own is an icon.
export function CopyButton({ label, face, shortcut, read, readRich }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => toClipboard(read(), readRich?.()).then(() => setCopied(true));
  return (
    <button
      type="button"
      className={face ? "small-button" : "icon-button"}
      aria-label={label}
      aria-keyshortcuts={shortcut}
      title={label}
      onClick={copy}
    >
      {copied ? <Check /> : <Copy />}
      {face}
      <span className="visually-hidden" role="status">{copied ? say("copy.done") : ""}</span>
    </button>
  );
}

// What stands in a field beside it.
export function CopyText({ text, label }) {
  return <CopyButton label={label} face={label} read={() => text} />;
}

// An answer is copied as markdown, and as rich text for programs that take it.
export function CopyMessage({ messageId }) {
  const readRich = () => {
    const said = document.querySelector(`[data-message-id="${CSS.escape(messageId)}"] .prose:not(.thoughts)`);
    return said ? richText(said) : undefined;
  };
  return <CopyButton label={say("copy")} shortcut="C" read={() => readText(messageId).text} readRich={readRich} />;
}
