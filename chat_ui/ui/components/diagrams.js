// Mermaid, which is a few megabytes, is fetched when an answer first holds a finished diagram. It runs in a frame
// without an origin: whatever a diagram makes it do, it can reach neither the page nor the network. What it draws comes
// back as text and is shown as an image, in which nothing runs and which loads nothing.
import mermaidUrl from "mermaid/dist/mermaid.min.js?url&no-inline";
import drawUrl from "./diagram_frame.js?url&no-inline";
import { say } from "./words.js";

const DRAWN_WITHIN_MS = 10_000;
const STARTED_WITHIN_MS = 60_000;
const LONGEST = 50_000;
const COLORS = { page: "--sunk", line: "--line-strong", text: "--text", node: "--raised", group: "--bubble" };

let frame = null;
let queue = Promise.resolve();

const absolute = (url) => new URL(url, document.baseURI).href;

// In a document of its own, with a policy of its own beside the sandbox.
function content() {
  const own = new URL(drawUrl, document.baseURI).origin;
  const policy = `default-src 'none'; script-src ${own}; style-src 'unsafe-inline'`;
  return `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}">
    <script src="${absolute(mermaidUrl)}"></script><script src="${absolute(drawUrl)}"></script>`;
}

function answerOf(source, within) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(reject, new Error(say("diagram.slow"))), within);
    const hear = (event) => event.source === source.contentWindow && settle(resolve, event.data);
    const settle = (how, what) => {
      clearTimeout(timer);
      removeEventListener("message", hear);
      how(what);
    };
    addEventListener("message", hear);
  });
}

async function start() {
  const started = document.createElement("iframe");
  started.setAttribute("sandbox", "allow-scripts");
  started.setAttribute("aria-hidden", "true");
  started.title = say("diagram.frame");
  started.tabIndex = -1;
  started.className = "diagram-frame";
  started.srcdoc = content();
  const ready = answerOf(started, STARTED_WITHIN_MS);
  document.body.append(started);
  frame = started;
  await ready;
}

function colors() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(Object.entries(COLORS).map(([name, token]) => [name, style.getPropertyValue(token).trim()]));
}

async function ask(source) {
  try {
    if (frame === null) await start();
    const answer = answerOf(frame, DRAWN_WITHIN_MS);
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    frame.contentWindow.postMessage({ source, colors: colors(), dark }, "*");
    return await answer;
  } catch (error) {
    // A frame that hangs, or never started, is of no use to the next diagram.
    frame?.remove();
    frame = null;
    throw error;
  }
}

async function drawNow(source) {
  const { svg, width, height, error } = await ask(source);
  if (typeof svg !== "string") throw new Error(String(error));
  return { url: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, width, height };
}

// Draws one diagram after another; rejects, in words, what can't be drawn.
export function draw(source) {
  if (source.length > LONGEST) return Promise.reject(new Error(say("diagram.long")));
  const drawn = queue.then(() => drawNow(source));
  queue = drawn.catch(() => {});
  return drawn;
}
