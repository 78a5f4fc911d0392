// How answers are read in this browser.
import { choose, useChoice } from "./choices.js";
import { ALargeSmall, Check } from "./icons.jsx";
import { Menu } from "./menu.jsx";
import { say } from "./words.js";

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
    <Menu label={say("reading")} face={<ALargeSmall />} buttonClass="icon-button reading" panelClass="at-right">
      <Choice name="smooth" label={say("reading.smooth")} about={say("reading.smooth.what")} />
      <Choice name="thoughts" label={say("reading.thoughts")} about={say("reading.thoughts.what")} />
      <Choice name="wrap" label={say("reading.wrap")} about={say("reading.wrap.what")} />
    </Menu>
  );
}
