// A diagram: its source while it comes and where it can't be drawn, else a picture of it beside its source.
import { useEffect, useRef, useState } from "react";
import { Code } from "./code.jsx";
import { untilFetched } from "./fetched.js";
import { Workflow } from "./icons.jsx";
import { holdsSelection } from "./selection.js";
import { say } from "./words.js";

const LOOK_AGAIN_MS = 400;
const DARK = "(prefers-color-scheme: dark)";

function useDark() {
  const [dark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK);
    const look = () => setDark(query.matches);
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return dark;
}

// Drawn once it is complete, and again in other colors.
function useDrawing(source, open) {
  const dark = useDark();
  const [drawing, setDrawing] = useState(null);
  useEffect(() => {
    if (open || !source.trim()) return undefined;
    return untilFetched(async () => (await import("./diagrams.js")).draw(source), setDrawing);
  }, [source, open, dark]);
  return drawing;
}

export function Diagram({ source, open }) {
  const figure = useRef(null);
  const drawing = useDrawing(source, open);
  const [shown, setShown] = useState(false);
  const [wanted, setWanted] = useState(true);
  const { picture, error } = drawing ?? {};
  // The source stays for as long as the reader has some of it selected.
  useEffect(() => {
    if (!picture || shown) return undefined;
    const look = () => !holdsSelection(figure.current) && setShown(true);
    look();
    const timer = setInterval(look, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [picture, shown]);
  const isPicture = Boolean(picture) && shown && wanted;
  return (
    <div ref={figure}>
      <Code
        source={source}
        language="mermaid"
        open={open}
        tools={
          picture && (
            <button
              type="button"
              className="icon-button"
              aria-label={say("diagram.picture")}
              title={say("diagram.picture")}
              aria-pressed={isPicture}
              onClick={() => setWanted(!isPicture)}
            >
              <Workflow />
            </button>
          )
        }
        note={error && say("diagram.failed")}
        instead={
          isPicture && (
            <div className="diagram" tabIndex={0} role="group" aria-label={say("diagram")}>
              <img
                src={picture.url}
                width={picture.width}
                height={picture.height}
                style={{ "--width": `${picture.width}px` }}
                alt={say("diagram.alt")}
              />
            </div>
          )
        }
      />
    </div>
  );
}
