// Why what a form asked for was refused. It comes between the fields and the buttons, and on a phone would push these
// out of sight, or itself come out of sight.
import { useEffect, useRef } from "react";

export function Refusal({ words }) {
  const notice = useRef(null);
  useEffect(() => {
    if (!words) return;
    const buttons = notice.current.closest("form").lastElementChild;
    [buttons, notice.current].forEach((part) => part.scrollIntoView({ block: "nearest" }));
  }, [words]);
  return words && <p ref={notice} className="notice" role="alert">{words}</p>;
}
