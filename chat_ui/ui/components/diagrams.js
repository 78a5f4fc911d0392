// Mermaid, which is a few megabytes, is fetched when an answer first holds a finished diagram. It runs in a frame
// without an origin: whatever a diagram makes it do, it can reach neither the page nor the network. What it draws comes
// back as text and is shown as an image, in which nothing runs and which loads nothing.
import mermaidUrl from "mermaid/dist/mermaid.min.js?url&no-inline";
import drawUrl from "./diagram_frame.js?url&no-inline";
import { say } from "./words.js";

const DRAWN_WITHIN_MS = 10_000;
const STARTED_WITHIN_MS = 60_000;
const SAYS_SO_WITHIN_MS = 1000;
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

// A frame that has loaded, and says nothing, has not got its scripts.
async function start() {
  const started = document.createElement("iframe");
  started.setAttribute("sandbox", "allow-scripts");
  started.setAttribute("aria-hidden", "true");
  started.title = say("diagram.frame");
  started.tabIndex = -1;
  started.className = "diagram-frame";
  started.srcdoc = content();
  const ready = answerOf(started, STARTED_WITHIN_MS);
  ready.catch(() => {});
  const loaded = new Promise((resolve) => {
    started.onload = () => setTimeout(resolve, SAYS_SO_WITHIN_MS, {});
  });
  document.body.append(started);
  frame = started;
  if (!(await Promise.race([ready, loaded])).ready) throw new Error(mermaidUrl);
}

function colors() {
  const style = getComputedStyle(document.documentElement);
  const colored = ([name, token]) => [name, style.getPropertyValue(token).trim()];
  return Object.fromEntries(Object.entries(COLORS).map(colored));
}

async function ask(source) {
  try {
    const answer = answerOf(frame, DRAWN_WITHIN_MS);
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    frame.contentWindow.postMessage({ source, colors: colors(), dark }, "*");
    return await answer;
  } catch (error) {
    leave();
    return { error: error.message };
  }
}

// A frame that hangs, or never started, is of no use to the next diagram.
function leave() {
  frame?.remove();
  frame = null;
}

async function drawNow(source) {
  try {
    if (frame === null) await start();
  } catch (error) {
    leave();
    throw error;
  }
  const { svg, width, height, error } = (await ask(source)) ?? {};
  if (typeof svg !== "string") return { error: String(error) };
  return { picture: { url: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, width, height } };
}

// Draws one diagram after another: a picture, or in words why it can't be drawn. Rejects where what draws can't be had.
export async function draw(source) {
  if (source.length > LONGEST) return { error: say("diagram.long") };
  const drawn = queue.then(() => drawNow(source));
  queue = drawn.catch(() => {});
  return drawn;
}
