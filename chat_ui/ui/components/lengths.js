// What is longer than the site takes isn't sent: above a megabyte it would cut the websocket, and nobody could say why.
import { say } from "./words.js";

// It travels as JSON, where a control character takes the room of six; some is left for what goes with it.
const MOST_AS_JSON = 990_000;

// Blank, or what is wrong, by the key of what says so.
export function tooLong(key, text, mostChars) {
  const count = [...text].length;
  if (count <= mostChars) return JSON.stringify(text).length > MOST_AS_JSON ? say("too_many_controls") : "";
  const [has, most] = [count, mostChars].map((number) => number.toLocaleString("en-US"));
  return say(key, { has, most });
}
