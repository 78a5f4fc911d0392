// Whether something failed on the server that nobody had an answer to. It is told here, past the state of the page,
// which may be what failed (see chat_ui/state/failing.py).
import { useSyncExternalStore } from "react";
import { refs } from "$/utils/state";

let failed = false;
const listeners = new Set();

export function tellFailure(next) {
  failed = next;
  listeners.forEach((notify) => notify());
}

refs["ref_failure"] = {
  current: {
    set value(next) {
      tellFailure(next);
    },
  },
};

function subscribe(notify) {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export const useFailure = () => useSyncExternalStore(subscribe, () => failed, () => false);
