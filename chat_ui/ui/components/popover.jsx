// A button that opens a small panel of the page's own: Escape and a click elsewhere close it, and the focus
// goes in and comes back.
import { useEffect, useRef, useState } from "react";
import { isTouch } from "./screen.js";

const FIRST = "input, textarea, select, button, a[href]";
const FIELD = "textarea, input:not([type='checkbox'], [type='radio'])";

export function Popover({ label, face, buttonClass, panelClass, onOpen, children }) {
  const [open, setOpen] = useState(false);
  const root = useRef(null);
  const button = useRef(null);
  const panel = useRef(null);

  useEffect(() => {
    if (!open) return undefined;
    const first = panel.current.querySelector(FIRST);
    // A phone's keyboard would cover half of what was opened, for a field that may not be what one came for.
    const enters = first && !(isTouch() && first.matches(FIELD));
    (enters ? first : panel.current).focus({ preventScroll: true });
    const outside = (event) => {
      if (root.current.contains(event.target)) return;
      // What was typed counts when its field is left, and a field that goes is never left.
      if (panel.current.contains(document.activeElement)) document.activeElement.blur();
      setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const close = () => {
    button.current.focus();
    setOpen(false);
  };
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  // Tab leaves the panel by its end; nothing behind it is hidden, so nothing has to hold the focus.
  const onBlur = (event) => {
    if (open && event.relatedTarget && !root.current.contains(event.relatedTarget)) setOpen(false);
  };
  const toggle = () => {
    if (!open) onOpen?.();
    setOpen(!open);
  };
  return (
    <div className="popover" ref={root} onKeyDown={onKeyDown} onBlur={onBlur}>
      <button
        ref={button}
        type="button"
        className={buttonClass}
        title={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={toggle}
      >
        <span className="visually-hidden">{label} </span>
        {face}
      </button>
      {open && (
        <div ref={panel} role="dialog" aria-label={label} tabIndex={-1} className={`popover-panel ${panelClass ?? ""}`}>
          {children}
        </div>
      )}
    </div>
  );
}
