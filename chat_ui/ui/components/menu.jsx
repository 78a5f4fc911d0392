// A button that opens a menu: arrow keys move, typing finds, Escape and a click elsewhere close. What it shows is the
// choice that was made, as in a select box; its name is what can be chosen, and that, by which one may call it.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { say } from "./words.js";

const ITEMS = '[role^="menuitem"]';
const SHOWN = `${ITEMS}:not([hidden])`;
const FIELD = 'input[type="search"]';
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const EDGE_PX = 8;

const isLetter = (event) => event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey;

function move(panel, step) {
  const stops = [...panel.querySelectorAll(`${FIELD}, ${SHOWN}`)];
  const now = stops.indexOf(document.activeElement);
  // From none of them, upwards is to the last one.
  stops.at(now < 0 && step < 0 ? step : (now + step) % stops.length)?.focus();
}

// What would cut it off: the page, or what scrolls around it.
function around({ parentElement: box }) {
  return getComputedStyle(box).overflowY === "visible" ? around(box) : box.getBoundingClientRect();
}

// Beneath its button, or above where it has more room there; no longer than that room, and not over the right edge.
function keepInSight(panel) {
  const bounds = around(panel);
  const button = panel.parentElement.getBoundingClientRect();
  const [above, below] = [button.top - bounds.top, bounds.bottom - button.bottom];
  const upwards = below < panel.offsetHeight + EDGE_PX && below < above;
  panel.toggleAttribute("data-upwards", upwards);
  panel.style.setProperty("--room", `${(upwards ? above : below) - EDGE_PX}px`);
  const over = panel.getBoundingClientRect().right - (window.innerWidth - EDGE_PX);
  if (over > 0) panel.style.translate = `${-over}px`;
}

function focusFirst(panel) {
  // On a touch screen a field with the focus brings up a keyboard that covers the items.
  const field = window.matchMedia("(hover: hover)").matches && panel.querySelector(FIELD);
  const items = panel.querySelectorAll(SHOWN);
  const chosen = [...items].find((item) => item.getAttribute("aria-checked") === "true");
  chosen?.scrollIntoView({ block: "nearest" });
  (field || chosen || items[0] || panel).focus({ preventScroll: true });
}

function findByLetter(panel, letter) {
  const items = [...panel.querySelectorAll(SHOWN)];
  const after = items.indexOf(document.activeElement) + 1;
  const begins = (item) => item.textContent.trim().toLowerCase().startsWith(letter.toLowerCase());
  [...items.slice(after), ...items].find(begins)?.focus();
}

// The items are the server's; which of them a search leaves is decided here, without a round trip.
function filter(panel, words) {
  const wanted = words.toLowerCase().split(/\s+/);
  const holds = (item, label) => wanted.every((word) => `${label} ${item.textContent}`.toLowerCase().includes(word));
  for (const group of panel.querySelectorAll('[role="group"]')) {
    let some = !words.trim();
    for (const item of group.querySelectorAll(ITEMS)) {
      item.hidden = !holds(item, group.getAttribute("aria-label"));
      some ||= !item.hidden;
    }
    group.hidden = !some;
  }
}

function Panel({ label, className, search, panel, close, children }) {
  const [words, setWords] = useState("");
  const [none, setNone] = useState(false);
  useLayoutEffect(() => keepInSight(panel.current), []);
  useEffect(() => focusFirst(panel.current), []);
  useEffect(() => {
    if (!search) return;
    filter(panel.current, words);
    setNone(!panel.current.querySelector(SHOWN));
  });
  const onKeyDown = (event) => {
    const field = panel.current.querySelector(FIELD);
    if (event.key === "Enter" && event.target === field) panel.current.querySelector(SHOWN)?.click();
    else if (STEPS[event.key]) move(panel.current, STEPS[event.key]);
    else if (isLetter(event) && field) {
      field.focus();
      return;
    } else if (isLetter(event)) findByLetter(panel.current, event.key);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={panel}
      tabIndex={-1}
      className={`menu-panel ${className ?? ""}`}
      onKeyDown={onKeyDown}
      onClick={(event) => event.target.closest(ITEMS) && close()}
    >
      {search && (
        <input
          type="search"
          aria-label={search}
          placeholder={search}
          autoComplete="off"
          spellCheck={false}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      )}
      <div role="menu" aria-label={label}>
        {children}
      </div>
      {search && none && <p className="menu-note" role="status">{say("menu.nothing")}</p>}
    </div>
  );
}

export function Menu({ label, face, buttonClass, panelClass, search, onOpen, children }) {
  const [open, setOpen] = useState(false);
  const root = useRef(null);
  const id = useId();
  const button = useRef(null);
  const panel = useRef(null);

  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => {
      if (!root.current.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const leave = () => {
    setOpen(false);
    button.current.focus();
  };
  const onKeyDown = (event) => {
    if (!open) return;
    if (event.key === "Tab") setOpen(false);
    if (event.key !== "Escape") return;
    leave();
    event.preventDefault();
  };
  const toggle = () => {
    if (!open) onOpen?.();
    setOpen(!open);
  };

  return (
    <div className="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        id={id}
        type="button"
        className={buttonClass}
        aria-label={label}
        aria-labelledby={`${id} ${id}-face`}
        title={buttonClass.startsWith("icon-button") ? label : undefined}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={toggle}
      >
        <span id={`${id}-face`} className="menu-face">{face}</span>
      </button>
      {open && (
        <Panel label={label} className={panelClass} search={search} panel={panel} close={leave}>
          {children}
        </Panel>
      )}
    </div>
  );
}
