// Messages that were asked for because somebody reads back. They are drawn some at a time, the last ones first, and
// beside all else: at once, a page of them would let nothing move for most of a second on a slow machine.
import { startTransition, useEffect, useLayoutEffect, useRef, useState } from "react";

// More than a window is high, so that they are there before the reader is.
const NEAR_TOP_PX = 2400;
const AT_A_TIME = 2;
// Doubled each time, so that not too many of them wait for the connection to be back.
const ASK_AGAIN_MS = 2000;

const undrawn = [];
let asking = false;
let planned = false;

function drawSome() {
  planned = false;
  startTransition(() => undrawn.splice(-AT_A_TIME).forEach((draw) => draw(true)));
}

function drawOn() {
  if (planned || undrawn.length === 0) return;
  planned = true;
  requestAnimationFrame(drawSome);
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

export function Drawn({ children }) {
  const [drawn, draw] = useState(!asking);
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
