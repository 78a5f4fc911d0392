// Buttons that put text on the clipboard and say that they did.
import { useEffect, useState } from "react";
import { Check, Copy, X } from "./icons.jsx";
import { richText } from "./rich_text.js";
import { readText } from "./texts.js";
import { say } from "./words.js";

const SAID_FOR_MS = 1600;
const FACES = { "copy.done": Check, "copy.refused": X };

function byApi(plain, html) {
  if (!html) return navigator.clipboard.writeText(plain);
  const blob = (text, type) => new Blob([text], { type });
  const both = { "text/plain": blob(plain, "text/plain"), "text/html": blob(html, "text/html") };
  return navigator.clipboard.write([new ClipboardItem(both)]);
}

// Plain http on another host has no clipboard API: the old way still works there.
function byCommand(plain, html) {
  const focused = document.activeElement;
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
  const isDone = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return isDone;
}

// Whether it is there now.
async function toClipboard(plain, html) {
  try {
    await byApi(plain, html);
    return true;
  } catch {
    return byCommand(plain, html);
  }
}

// `read` gives the text, and where it has a richer form, `readRich` gives that as HTML. A button without a face of its
// own is an icon.
export function CopyButton({ label, face, shortcut, read, readRich }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(""), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = () => toClipboard(read(), readRich?.()).then((isDone) => setSaid(isDone ? "copy.done" : "copy.refused"));
  const Icon = FACES[said] ?? Copy;
  return (
    <button
      type="button"
      className={face ? "small-button" : "icon-button"}
      aria-label={label}
      aria-keyshortcuts={shortcut}
      title={label}
      onClick={copy}
    >
      <Icon />
      {face}
      <span className="visually-hidden" role="status">{said && say(said)}</span>
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
