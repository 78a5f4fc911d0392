// Text as it was written, in pieces, of which those out of sight cost nothing.
import { memo } from "react";

const PIECE = 8_000;

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
