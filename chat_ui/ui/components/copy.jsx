// A button that puts text on the clipboard and says that it did.
import { useEffect, useState } from "react";
import { Check, Copy } from "./icons.jsx";
import { readText } from "./texts.js";

const SAID_FOR_MS = 1600;

async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Plain http on another host has no clipboard API: the old way still works there.
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  return undefined;
}

export function CopyButton({ label, read }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => toClipboard(read()).then(() => setCopied(true));
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={copy}>
      {copied ? <Check /> : <Copy />}
      <span className="visually-hidden" role="status">{copied ? "Copied" : ""}</span>
    </button>
  );
}

export function CopyMessage({ messageId }) {
  return <CopyButton label="Copy" read={() => readText(messageId).text} />;
}
