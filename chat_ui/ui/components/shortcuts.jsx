// Keys, none of them the browser's own: single letters, outside of fields. A control says by aria-keyshortcuts which
// key presses it; a message's own controls are those of the message that has the focus, else of the last one.
import { useEffect, useRef, useState } from "react";
import { useConversation } from "./address.js";
import { Announcements } from "./announcer.jsx";
import { goByMessages, goToLatestAnswer, isSeen } from "./focus.js";
import { Keyboard, X } from "./icons.jsx";
import { recall, remember } from "./storage.js";
import { say } from "./words.js";

const OFF = "chat-ui:no-single-keys";
const OPEN = "chat-ui:shortcuts";
const FIELD = 'input, textarea, select, [contenteditable="true"]';
const MODAL = 'dialog[open], [role="menu"]';

const MOVES = {
  "?": () => window.dispatchEvent(new Event(OPEN)),
  J: () => goByMessages(1),
  K: () => goByMessages(-1),
  L: goToLatestAnswer,
};
const LISTED = {
  M: "shortcuts.write",
  N: "shortcuts.new_chat",
  S: "shortcuts.sidebar",
  ".": "shortcuts.stop",
  J: "shortcuts.next",
  K: "shortcuts.previous",
  L: "shortcuts.latest",
  C: "shortcuts.copy",
  E: "shortcuts.edit",
  R: "shortcuts.regenerate",
  "?": "shortcuts.list",
};
const WHILE_WRITING = {
  "shortcuts.enter": "shortcuts.send",
  "shortcuts.shift_enter": "shortcuts.break",
  "shortcuts.control_enter": "shortcuts.at_once",
  "shortcuts.up": "shortcuts.last",
  "shortcuts.escape": "shortcuts.leave",
};

function press(key) {
  const bearers = [...document.querySelectorAll(`[aria-keyshortcuts="${CSS.escape(key)}"]`)].filter(isSeen);
  const messages = [document.activeElement.closest("article"), [...document.querySelectorAll("article")].at(-1)];
  // An answer that is being written has no such controls yet: those of the one before it are not meant.
  const bearer =
    messages.flatMap((message) => bearers.filter((each) => message?.contains(each))).at(0) ??
    bearers.filter((each) => !each.closest("article")).at(-1);
  if (!bearer) return false;
  if (bearer.matches(FIELD)) bearer.focus();
  else bearer.click();
  return true;
}

// Out of the field that one writes in, to where the letters are keys.
function leave(event) {
  if (event.defaultPrevented || !event.target.matches(".composer textarea")) return;
  (document.querySelector(".thread-scroll") ?? document.querySelector("main")).focus({ preventScroll: true });
}

function onKeyDown(event) {
  // A key that is held down presses once: what it did may have put another button where it stood.
  if (event.repeat && event.key === "Enter" && event.target.closest("a, button, summary")) event.preventDefault();
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") leave(event);
  else if (event.key.length === 1 && !recall(OFF) && !event.target.closest(FIELD) && !document.querySelector(MODAL)) {
    const key = event.key.toUpperCase();
    if (MOVES[key]) MOVES[key]();
    else if (event.repeat || !press(key)) return;
    event.preventDefault();
  }
}

function SingleKeys() {
  const [on, setOn] = useState(!recall(OFF));
  const toggle = () => {
    remember(OFF, on ? "off" : "");
    setOn(!on);
  };
  return (
    <label className="choice">
      <input type="checkbox" checked={on} onChange={toggle} />
      {say("shortcuts.single")}
    </label>
  );
}

function Line({ shown, does }) {
  return (
    <div>
      <dt><kbd>{shown}</kbd></dt>
      <dd>{say(does)}</dd>
    </div>
  );
}

function List() {
  return (
    <dl className="keys">
      {Object.entries(LISTED).map(([key, does]) => <Line key={key} shown={key} does={does} />)}
      {Object.entries(WHILE_WRITING).map(([key, does]) => <Line key={key} shown={say(key)} does={does} />)}
    </dl>
  );
}

// The browser keeps the focus within a modal dialog, and gives it back afterwards.
export function Shortcuts() {
  const dialog = useRef(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const show = () => setOpen(true);
    window.addEventListener(OPEN, show);
    document.addEventListener("keydown", onKeyDown);
    return () => {
      window.removeEventListener(OPEN, show);
      document.removeEventListener("keydown", onKeyDown);
    };
  }, []);
  useEffect(() => {
    if (open) dialog.current.showModal();
  }, [open]);
  if (!open) return null;
  const close = () => dialog.current.close();
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby="shortcuts-title"
      onClose={() => setOpen(false)}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div className="dialog-body">
        <header>
          <h2 id="shortcuts-title">{say("shortcuts.title")}</h2>
          <button
            type="button"
            className="icon-button"
            aria-label={say("dialog.close")}
            title={say("dialog.close")}
            onClick={close}
          >
            <X />
          </button>
        </header>
        <List />
        <SingleKeys />
        <Announcements />
      </div>
    </dialog>
  );
}

export function ShortcutsButton() {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={say("shortcuts")}
      title={say("shortcuts.title")}
      aria-haspopup="dialog"
      onClick={() => window.dispatchEvent(new Event(OPEN))}
    >
      <Keyboard />
    </button>
  );
}

export function SkipLink() {
  if (!useConversation()) return null;
  return (
    <button type="button" className="skip" onClick={goToLatestAnswer}>
      {say("page.skip")}
    </button>
  );
}
