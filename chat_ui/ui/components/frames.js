// When what grows is drawn: at once, then at most once a frame, and less often where drawing takes long. Text that
// comes fast on a slow machine would leave it no time for anything else; so drawing gets a part of the time, and comes
// in larger steps.
const PART = 2;
const FRAME_MS = 16;
const LONGEST_WAIT_MS = 50;
const MEASURE_EVERY = 8;

const { port1: painted, port2: afterPaint } = new MessageChannel();
const watchers = new Set();
let planned = null;
let last = 0;
let draws = 0;
let cost = 0;

painted.onmessage = ({ data: { script, frame } }) => {
  cost += (script + performance.now() - frame - cost) / 4;
};

// A frame's own work, style, layout and paint, is most of what drawing costs. A message that is posted in a frame
// arrives when that is done.
function measure(script) {
  requestAnimationFrame(() => afterPaint.postMessage({ script, frame: performance.now() }));
}

function draw() {
  const act = planned;
  planned = null;
  last = performance.now();
  act();
  // React draws in a microtask of its own, which is queued by now.
  queueMicrotask(() => watchers.forEach((watch) => watch()));
  draws += 1;
  if (draws % MEASURE_EVERY === 0 && !document.hidden) queueMicrotask(() => measure(performance.now() - last));
}

// Lets somebody look at what was just drawn, before it is painted. Returns how to end that.
export function onDrawn(watch) {
  watchers.add(watch);
  return () => watchers.delete(watch);
}

// Does something once, now or a little later; nothing more while that is still to be done.
export function drawSoon(act) {
  if (planned !== null) return;
  planned = act;
  const wait = last + Math.max(FRAME_MS, Math.min(cost * PART, LONGEST_WAIT_MS)) - performance.now();
  if (wait > 0) setTimeout(draw, wait);
  else queueMicrotask(draw);
}
