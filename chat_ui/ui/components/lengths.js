// What is longer than the site takes isn't sent: above a megabyte it would cut the websocket, and nobody could say why.
import { say } from "./words.js";

// Blank, or what is wrong, by the key of what says so.
export function tooLong(key, text, mostChars) {
  const count = [...text].length;
  if (count <= mostChars) return "";
  const [has, most] = [count, mostChars].map((number) => number.toLocaleString("en-US"));
  return say(key, { has, most });
}
