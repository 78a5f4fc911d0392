// The page's words (see ui/words.py): say("code.all", { count: 12 }).
import words from "./words.json";

export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
