// Settings on their way to the server. The browser keeps them until the server has said that they count, or can't be
// (see chat_ui/state/wire.py), and a page that was loaded anew sends them again: {place, name, value}.
//
// A place is a conversation, blank for the one that is yet to begin, or "defaults".
import { useEffect } from "react";
import { refs } from "$/utils/state";
import { useConversation } from "./address.js";
import { recall, remember } from "./storage.js";
import { tellUntilAnswered } from "./telling.js";

const keyOf = (place) => `chat-ui:settings:${place}`;

function waiting(place) {
  try {
    return { ...JSON.parse(recall(keyOf(place)) || "{}") };
  } catch {
    // Somebody else's writing under our name: there is nothing of ours in it.
    return {};
  }
}

function put(place, settings) {
  remember(keyOf(place), Object.keys(settings).length ? JSON.stringify(settings) : "");
}

// What was chosen, if the server has not been heard about it yet.
export const chosen = (place, name) => waiting(place)[name];

export function choose(place, name, value) {
  put(place, { ...waiting(place), [name]: value });
}

function answered({ place, name, value }) {
  const { [name]: latest, ...others } = waiting(place);
  if (latest === value) put(place, others);
}

refs["ref_settings"] = {
  current: {
    set value(answer) {
      answered(answer);
    },
  },
};

export function usePlace(scope) {
  const conversation = useConversation();
  return scope === "chat" ? conversation : scope;
}

export function SettingsOutbox({ scope, onKeep }) {
  const place = usePlace(scope);
  useEffect(() => {
    const send = () => Object.entries(waiting(place)).forEach(([name, value]) => onKeep(place, name, value));
    return tellUntilAnswered(send);
  }, [place]);
  return null;
}
