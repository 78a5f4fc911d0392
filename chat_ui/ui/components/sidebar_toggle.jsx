// Shows and hides the sidebar. On a wide screen it stays as it was left; on a narrow one it is a drawer
// over the page, which closes as soon as the person has chosen something in it, or touches the page.
import { useEffect, useState } from "react";
import { useLocation } from "react-router";
import { PanelLeft } from "./icons.jsx";
import { recall, remember } from "./storage.js";
import { say } from "./words.js";

const KEY = "chat-ui:sidebar";
const NARROW = "(max-width: 767px)";
// What the drawer lies over. A keyboard would come to it unseen.
const BENEATH = "main, .skip";
const CHOICE = ".sidebar :is(a, button):not([aria-haspopup], [role^='menuitem'], [data-toggles-sidebar])";

const isNarrow = () => window.matchMedia(NARROW).matches;
const isOpen = () => document.documentElement.dataset.sidebar === "open";

function show(open) {
  document.documentElement.dataset.sidebar = open ? "open" : "closed";
  for (const each of document.querySelectorAll(BENEATH)) each.inert = open && isNarrow();
  if (!isNarrow()) remember(KEY, open ? "open" : "closed");
  window.dispatchEvent(new Event(KEY));
}

function showAsLeft() {
  show(isNarrow() ? false : recall(KEY) !== "closed");
}

// The button that was pressed goes with the sidebar, or comes with it: focus moves to the one that is seen.
function focusToggle() {
  const buttons = [...document.querySelectorAll("[data-toggles-sidebar]")];
  requestAnimationFrame(() => buttons.find((button) => button.offsetParent)?.focus());
}

// Once for the page, however many toggles it has.
function useSidebar() {
  const { pathname } = useLocation();
  useEffect(showAsLeft, [pathname]);
  useEffect(() => {
    const onKey = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && isNarrow() && isOpen()) {
        show(false);
        focusToggle();
      }
    };
    const onClick = (event) => {
      if (isNarrow() && isOpen() && event.target.closest(`.scrim, ${CHOICE}`)) show(false);
    };
    const narrow = window.matchMedia(NARROW);
    narrow.addEventListener("change", showAsLeft);
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", onClick);
    return () => {
      narrow.removeEventListener("change", showAsLeft);
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("click", onClick);
    };
  }, []);
}

// Laid over the page while the drawer is open; it also keeps the sidebar's rules for the page.
export function Scrim() {
  useSidebar();
  return <div className="scrim" />;
}

export function SidebarToggle() {
  const [open, setOpen] = useState(true);
  useEffect(() => {
    const update = () => setOpen(isOpen());
    update();
    window.addEventListener(KEY, update);
    return () => window.removeEventListener(KEY, update);
  }, []);
  const toggle = () => {
    show(!isOpen());
    focusToggle();
  };
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={say("sidebar.toggle")}
      title={say("sidebar.toggle")}
      aria-expanded={open}
      aria-keyshortcuts="S"
      data-toggles-sidebar=""
      onClick={toggle}
    >
      <PanelLeft />
    </button>
  );
}
