// Shows and hides the sidebar. On a wide screen it stays as it was left; on a narrow one it is a drawer
// that closes when the person has gone where they wanted.
import { useEffect } from "react";
import { useLocation } from "react-router";
import { PanelLeft } from "./icons.jsx";

const KEY = "chat-ui:sidebar";
const isNarrow = () => window.matchMedia("(max-width: 767px)").matches;

function show(open) {
  document.documentElement.dataset.sidebar = open ? "open" : "closed";
  if (!isNarrow()) localStorage.setItem(KEY, open ? "open" : "closed");
}

function isOpen() {
  const said = document.documentElement.dataset.sidebar;
  return said ? said === "open" : !isNarrow();
}

export function SidebarToggle() {
  const { pathname } = useLocation();
  useEffect(() => show(isNarrow() ? false : localStorage.getItem(KEY) !== "closed"), [pathname]);
  useEffect(() => {
    const onKey = (event) => {
      if (event.key === "Escape" && isNarrow()) show(false);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <button type="button" className="icon-button" aria-label="Toggle sidebar" onClick={() => show(!isOpen())}>
      <PanelLeft />
    </button>
  );
}
