// What failed on the server that nobody had an answer to; blank where nothing did. It is told here, past the state of
// the page, which may be what failed (see chat_ui/state/failing.py): words, or {words, passes} where the page is told
// everything anew as soon as that is possible.
import { useSyncExternalStore } from "react";
import { refs } from "$/utils/state";

let failure = "";
let passing = false;
const listeners = new Set();

function tellFailure({ words, passes }) {
  failure = words;
  passing = passes;
  listeners.forEach((notify) => notify());
}

export const dismissFailure = () => tellFailure({ words: "", passes: false });

// The page has been told everything.
export function passOver() {
  if (passing) dismissFailure();
}

refs["ref_failure"] = {
  current: {
    set value(said) {
      tellFailure(typeof said === "string" ? { words: said, passes: false } : said);
    },
  },
};

function subscribe(notify) {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export const useFailure = () => useSyncExternalStore(subscribe, () => failure, () => "");
