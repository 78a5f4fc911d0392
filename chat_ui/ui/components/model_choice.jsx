// A model in the menu. The server has the last word about which one answers; until it has come, what a person
// sends at once already goes to the one that they chose.
import { useEffect } from "react";
import { newId } from "./outbox.js";

let chosen = null;
let named = null;

export function ModelChoice({ gateway, model, isChosen, onChoose, children }) {
  const choose = () => {
    chosen = { id: newId(), named: { gateway, model } };
    onChoose(gateway, model, chosen.id);
  };
  return (
    <button type="button" role="menuitemradio" aria-checked={isChosen} tabIndex={-1} onClick={choose}>
      {children}
    </button>
  );
}

// Whom to ask next.
export const modelToAsk = () => chosen?.named ?? named;

// It is the one that the server names. What was chosen counts until the server has heard of it, taken it or not, or the
// person looks at another conversation.
export function useNamedModel(gateway, model, heard, conversation) {
  useEffect(() => {
    named = { gateway, model };
  }, [gateway, model]);
  useEffect(() => {
    if (chosen?.id === heard) chosen = null;
  }, [heard]);
  useEffect(
    () => () => {
      chosen = null;
    },
    [conversation],
  );
}
