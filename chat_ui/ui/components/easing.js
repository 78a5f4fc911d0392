// Smooth mode: a text that comes in lumps is let in evenly. It is a choice of this browser, and never made for those
// who asked their system for less motion.
import { useEffect, useReducer, useRef } from "react";
import { useChoice } from "./choices.js";

const STEP_MS = 33;
const LONGEST_STEP_MS = 100;
const CATCH_UP_MS = 400;
const LEAST_PER_MS = 0.03;

const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Never between the halves of a character.
function upTo(text, length) {
  const at = Math.floor(length);
  const code = text.charCodeAt(at - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? at - 1 : at);
}

// The part of a growing text that is to be seen by now, whether there is more to come, and whether it is let in evenly.
export function useEased(text, streaming) {
  const smooth = useChoice("smooth");
  const shown = useRef(null);
  const [, again] = useReducer((times) => times + 1, 0);
  // What was there when the page came is there at once.
  shown.current ??= { length: text.length, at: 0 };
  const eases = smooth && !reducedMotion() && shown.current.length < text.length;
  if (!eases) shown.current = { length: text.length, at: 0 };
  useEffect(() => {
    if (!eases) return undefined;
    const timer = setTimeout(() => {
      const now = performance.now();
      const passed = shown.current.at ? Math.min(LONGEST_STEP_MS, now - shown.current.at) : STEP_MS;
      const left = text.length - shown.current.length;
      shown.current.at = now;
      shown.current.length += Math.min(left, passed * Math.max(LEAST_PER_MS, left / CATCH_UP_MS));
      again();
    }, STEP_MS);
    return () => clearTimeout(timer);
  });
  return { text: eases ? upTo(text, shown.current.length) : text, growing: streaming || eases, smooth };
}
