// Text as it was written, for what no parser should be given: it would keep the page busy for seconds.
import { memo } from "react";

const LONGEST_BLOCK = 60_000;
const PIECE = 8_000;
// The same mark over and over, or marks of nesting.
const TOO_DEEP = /([^\w\s|.\-=#])\1{399}|^(?:[ \t]*[>*+-][ \t]*){60}/m;

export function isTooMuch(block) {
  return block.length > LONGEST_BLOCK || TOO_DEEP.test(block);
}

const Piece = memo(function Piece({ text }) {
  return <p>{text}</p>;
});

export function PlainText({ text }) {
  const pieces = [];
  for (let at = 0; at < text.length; at += PIECE) pieces.push(text.slice(at, at + PIECE));
  return (
    <div className="plain-text">
      {pieces.map((piece, index) => (
        <Piece key={index} text={piece} />
      ))}
    </div>
  );
}
