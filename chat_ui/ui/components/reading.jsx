// How answers are read in this browser.
import { choose, useChoice } from "./choices.js";
import { ALargeSmall, Check } from "./icons.jsx";
import { Menu } from "./menu.jsx";

function Choice({ name, label, about }) {
  const isOn = useChoice(name);
  return (
    <button
      type="button"
      role="menuitemcheckbox"
      aria-checked={isOn}
      tabIndex={-1}
      onClick={() => choose(name, !isOn)}
    >
      <span className="menu-lines">
        {label}
        <span className="meta">{about}</span>
      </span>
      {isOn && <Check />}
    </button>
  );
}

export function Reading() {
  return (
    <Menu label="Reading" face={<ALargeSmall />} buttonClass="icon-button reading" panelClass="at-right">
      <Choice name="smooth" label="Smooth text" about="Answers ease in evenly, however they come" />
      <Choice name="thoughts" label="Open thoughts" about="New answers show at once what the model thinks" />
      <Choice name="wrap" label="Wrap code" about="Long lines of code are broken, not scrolled" />
    </Menu>
  );
}
