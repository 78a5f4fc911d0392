// Messages that were asked for because somebody reads back. They are drawn one at a time, the last one first, and
// beside all else: at once, a page of them would let nothing move for most of a second on a slow machine.
import { startTransition, useEffect, useLayoutEffect, useRef, useState } from "react";

// More than a window is high, so that they are there before the reader is.
const NEAR_TOP_PX = 2400;
// Doubled each time, so that not too many of them wait for the connection to be back.
const ASK_AGAIN_MS = 2000;

const undrawn = [];
let asking = false;
let planned = false;

function drawNext() {
  planned = false;
  startTransition(() => undrawn.at(-1)?.(true));
}

// The frame that shows a message takes long by itself: the one after it is left to all else.
function drawOn() {
  if (planned || undrawn.length === 0) return;
  planned = true;
  requestAnimationFrame(() => requestAnimationFrame(drawNext));
}

// Asks for what stands before the first message, before the reader gets there; once, unless it was lost on its way.
export function useEarlier(scroller, first, more, onTop) {
  const asked = useRef("");
  const again = useRef({});
  useEffect(() => {
    asking = false;
    again.current = { afterMs: ASK_AGAIN_MS };
    return () => clearTimeout(again.current.timer);
  }, [first]);
  const lookUp = () => {
    if (!more || undrawn.length > 0 || scroller.current.scrollTop > NEAR_TOP_PX || asked.current === first) return;
    asked.current = first;
    asking = true;
    onTop(first);
    again.current.timer = setTimeout(() => {
      asked.current = "";
      lookUp();
    }, again.current.afterMs);
    again.current.afterMs *= 2;
  };
  return lookUp;
}

// What is drawn in its turn may hold more of these: a group its messages, which then wait for theirs.
export function Drawn({ children }) {
  const [drawn, draw] = useState(!asking && undrawn.length === 0);
  useLayoutEffect(() => {
    if (!drawn) undrawn.push(draw);
    drawOn();
    return () => {
      const place = undrawn.indexOf(draw);
      if (place >= 0) undrawn.splice(place, 1);
    };
  }, [drawn]);
  return drawn ? children : null;
}
