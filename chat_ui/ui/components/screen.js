// Where a phone's keyboard covers the page instead of making it smaller, the page makes itself smaller: otherwise the
// browser would push all of it up, and the field that one writes in out of the place where one reads.
const COVERED_PX = 80;

// Whether it is touched: there a field that has the focus brings up a keyboard, which covers what is there to read.
export const isTouch = () => window.matchMedia("(pointer: coarse)").matches;

export function keepToScreen() {
  const seen = window.visualViewport;
  if (!seen) return undefined;
  const fit = () => {
    const isCovered = seen.scale === 1 && window.innerHeight - seen.height > COVERED_PX;
    document.documentElement.style.setProperty("--screen", isCovered ? `${seen.height}px` : "100dvh");
    if (isCovered) window.scrollTo(0, 0);
  };
  seen.addEventListener("resize", fit);
  return () => seen.removeEventListener("resize", fit);
}
