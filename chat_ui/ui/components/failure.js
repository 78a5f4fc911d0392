// What failed on the server that nobody had an answer to; blank where nothing did. It is told here, past the state of
// the page, which may be what failed (see chat_ui/state/failing.py).
import { useSyncExternalStore } from "react";
import { refs } from "$/utils/state";

let failure = "";
const listeners = new Set();

export function tellFailure(words) {
  failure = words;
  listeners.forEach((notify) => notify());
}

refs["ref_failure"] = {
  current: {
    set value(words) {
      tellFailure(words);
    },
  },
};

function subscribe(notify) {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export const useFailure = () => useSyncExternalStore(subscribe, () => failure, () => "");
