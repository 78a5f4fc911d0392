// A button that asks for an answer once more. It is another button for each answer, and one send for each button:
// however often it is clicked, its id stays the same.
import { useState } from "react";
import { modelToAsk } from "./model_choice.jsx";
import { newId } from "./outbox.js";

export function AskAgain({ label, shortcut, messageId, onAsk }) {
  const [id] = useState(newId);
  return (
    <button
      type="button"
      className="button"
      aria-keyshortcuts={shortcut}
      onClick={() => onAsk({ id, message_id: messageId, ...modelToAsk() })}
    >
      {label}
    </button>
  );
}
