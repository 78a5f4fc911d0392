// A button that opens a small menu: arrow keys move, Escape and a click elsewhere close.
import { useEffect, useRef, useState } from "react";

const ITEMS = '[role^="menuitem"]';

function move(panel, step) {
  const items = [...panel.querySelectorAll(ITEMS)];
  const now = items.indexOf(document.activeElement);
  items.at((now + step + items.length) % items.length)?.focus();
}

export function Menu({ label, face, buttonClass, panelClass, onOpen, children }) {
  const [open, setOpen] = useState(false);
  const root = useRef(null);
  const button = useRef(null);
  const panel = useRef(null);

  useEffect(() => {
    if (!open) return undefined;
    const outside = (event) => {
      if (!root.current.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    panel.current.querySelector(`${ITEMS}[aria-checked="true"], ${ITEMS}`)?.focus();
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current.focus();
  };
  const onKeyDown = (event) => {
    if (!open) return;
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") move(panel.current, 1);
    else if (event.key === "ArrowUp") move(panel.current, -1);
    else if (event.key === "Tab") setOpen(false);
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };
  const toggle = () => {
    if (!open) onOpen?.();
    setOpen(!open);
  };

  return (
    <div className="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className={buttonClass}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={toggle}
      >
        {face}
      </button>
      {open && (
        <div
          ref={panel}
          role="menu"
          aria-label={label}
          className={`menu-panel ${panelClass ?? ""}`}
          onClick={(event) => event.target.closest(ITEMS) && setOpen(false)}
        >
          {children}
        </div>
      )}
    </div>
  );
}
