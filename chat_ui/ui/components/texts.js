// The texts of the conversations that this tab has shown. They live outside React and outside Reflex's state, so that a
// growing answer is never sent twice: the server pushes small pieces, and this module appends them.
//
// What arrives (see chat_ui/state/wire.py) as websocket events of their own, "p", or as Reflex's:
//   [key, offset, text]                a piece of an answer; offset counts code points
//   [key, offset, text, part]          the same for another part of it ("reasoning", "tool_calls")
//   {keys: {key: id}}                  which answers these are; sent before the first piece of each
//   {id, wait, why}                    the gateway is asked again in so many seconds (null: nobody knows)
//   {id, paying}                       it is paid now, in words
//   {id, thought_ms}                   the answer has ended; for how long it thought, null where it didn't
//   {id, details: [[name, value], …]}  what is known of how it came about, when that was asked for
//   {texts: [{id, text, …, grows}]}    whole texts with all their parts, on load and after a gap
import { useCallback, useSyncExternalStore } from "react";
import { Manager } from "socket.io-client";
import { refs } from "$/utils/state";
import { drawSoon } from "./frames.js";

const PARTS = ["text", "reasoning", "tool_calls"];
const NOTHING = Object.fromEntries(PARTS.map((part) => [part, ""]));
const EMPTY = Object.freeze({ ...NOTHING, points: counted(NOTHING), gap: false, thought: null });

const entries = new Map();
const keys = new Map();
const listeners = new Map();
const growers = new Map();
const changed = new Map();

function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function counted(texts) {
  return Object.fromEntries(PARTS.map((part) => [part, codePoints(texts[part])]));
}

function skipPoints(text, count) {
  let index = 0;
  for (; count > 0 && index < text.length; count -= 1) {
    index += text.codePointAt(index) > 0xffff ? 2 : 1;
  }
  return text.slice(index);
}

// An entry that `grew` differs from the one before it in nothing but more text.
function put(id, entry, grew = false) {
  entries.set(id, entry);
  changed.set(id, grew && (changed.get(id) ?? true));
  drawSoon(tell);
}

// What grew and could be drawn in its place is no news for who draws all of it.
function tell() {
  const now = [...changed];
  changed.clear();
  for (const [id, grew] of now) {
    const isDrawn = grew && (growers.get(id)?.(readText(id).text) ?? false);
    listeners.get(id)?.forEach((notify) => notify(isDrawn));
  }
}

// When the model began to think, and once it has said something, for how long it thought.
function thoughtAfter({ thought }, part) {
  if (part === "reasoning") return thought ?? { from: Date.now() };
  return thought === null || thought.ms !== undefined ? thought : { ...thought, ms: Date.now() - thought.from };
}

function append([key, offset, text, part = "text"]) {
  const id = keys.get(key);
  if (id === undefined) return;
  const entry = entries.get(id) ?? EMPTY;
  const have = entry.points[part];
  if (offset > have) {
    put(id, { ...entry, gap: true });
    return;
  }
  const fresh = skipPoints(text, have - offset);
  if (!fresh) return;
  const thought = thoughtAfter(entry, part);
  const grown = { [part]: entry[part] + fresh, points: { ...entry.points, [part]: have + codePoints(fresh) } };
  const grew = part === "text" && entry.text !== "" && thought === entry.thought && !entry.wait && !entry.gap;
  put(id, { ...entry, thought, wait: undefined, ...grown }, grew);
}

// What still grows may have grown here since it was read there.
function replace({ id, thought_ms: ms, grows, ...said }) {
  const texts = { ...NOTHING, ...said };
  const had = (grows && entries.get(id)) || NOTHING;
  for (const part of PARTS) if (had[part].startsWith(texts[part])) texts[part] = had[part];
  put(id, { ...texts, points: counted(texts), gap: false, thought: thoughtOf(texts, ms, grows) });
}

function thoughtOf({ text, tool_calls, reasoning }, ms, grows) {
  if (ms === undefined) return null;
  const from = Date.now() - ms;
  return grows && reasoning && !text && !tool_calls ? { from } : { from, ms };
}

function end({ id, thought_ms: ms }) {
  const entry = entries.get(id);
  if (entry) put(id, { ...entry, ended: true, thought: ms === null ? entry.thought : { ...entry.thought, ms } });
}

// The page's clock counts from when the message came: the server's may be set differently.
function hold({ id, wait, why }) {
  const until = wait === null ? null : Date.now() + wait * 1000;
  put(id, { ...(entries.get(id) ?? EMPTY), wait: { until, why } });
}

function pay({ id, paying }) {
  put(id, { ...(entries.get(id) ?? EMPTY), wait: { paying } });
}

function tellDetails({ id, details }) {
  put(id, { ...(entries.get(id) ?? EMPTY), details });
}

function receive(message) {
  if (Array.isArray(message)) append(message);
  else if (message.texts) message.texts.forEach(replace);
  else if (message.keys) Object.entries(message.keys).forEach(([key, id]) => keys.set(Number(key), id));
  else if (message.paying) pay(message);
  else if (message.thought_ms !== undefined) end(message);
  else if (message.details) tellDetails(message);
  else hold(message);
}

refs["ref_texts"] = {
  current: {
    set value(message) {
      receive(message);
    },
  },
};

// Reflex keeps its websocket to itself; whoever makes one on this page makes one that brings texts.
const makeSocket = Manager.prototype.socket;
const onTexts = (...said) => receive(said.length > 1 ? said : said[0]);
Manager.prototype.socket = function socket(...options) {
  return makeSocket.apply(this, options).off("p", onTexts).on("p", onTexts);
};

export function readText(id) {
  return entries.get(id) ?? EMPTY;
}

function listen(id, notify) {
  const own = listeners.get(id) ?? new Set();
  listeners.set(id, own.add(notify));
  return () => {
    own.delete(notify);
    if (own.size === 0) listeners.delete(id);
  };
}

function useEntry(id, subscribe) {
  return useSyncExternalStore(useCallback(subscribe, [id]), () => readText(id), () => EMPTY);
}

export function useText(id) {
  return useEntry(id, (notify) => listen(id, notify));
}

// The same for who draws the text, and needn't where its end was drawn in place (see onGrowth).
export function useTextToDraw(id) {
  return useEntry(id, (notify) => listen(id, (isDrawn) => isDrawn || notify()));
}

// Tells somebody who needn't know at once that a text is another: with what is drawn anyway, so that they take no frame
// of their own; later than that only of what came last. Returns how to end that.
export function onTextEvery(ms, id, notify) {
  let timer = 0;
  let told = 0;
  const now = () => {
    clearTimeout(timer);
    timer = 0;
    told = performance.now();
    notify();
  };
  const forget = listen(id, () => {
    if (performance.now() - told >= ms) now();
    else timer ||= setTimeout(now, 2 * ms);
  });
  return () => {
    clearTimeout(timer);
    forget();
  };
}

export function useTextEvery(ms, id) {
  return useEntry(id, (notify) => onTextEvery(ms, id, notify));
}

// Lets somebody draw what a text grows by; they return whether they could. Returns how to end that.
export function onGrowth(id, draw) {
  growers.set(id, draw);
  return () => growers.get(id) === draw && growers.delete(id);
}
