// Messages stand in groups, and those that are out of sight are passed over in groups (see page.css): what one of them
// costs a frame is little, but there are many.
import { useRef } from "react";
import { Drawn } from "./earlier.jsx";

const MOST = 8;

const isSame = (one, other) =>
  one === other || (one instanceof Object && Object.keys(one).every((name) => one[name] === other?.[name]));

// What is handed to a message comes from the server, and is another object where others came in above; a message that
// was handed the same before is drawn no more than once.
function asBefore(message, before) {
  const { props } = message;
  return before && Object.keys(props).every((name) => isSame(props[name], before.props[name])) ? before : message;
}

// Args: the messages, in order; which group each of those before is in, by name. One that is in a group stays there,
// whatever comes in at either end: in another it would be drawn anew.
function grouped(messages, known) {
  const groups = new Map();
  let last = "";
  for (const message of messages) {
    const joined = groups.get(last)?.length < MOST ? last : message.key;
    const name = known.get(message.key) ?? joined;
    // Two that belong together may have others between them now that don't.
    if (name !== last) last = groups.has(name) ? message.key : name;
    groups.set(last, [...(groups.get(last) ?? []), message]);
  }
  return groups;
}

export function Messages({ children }) {
  const before = useRef({ messages: new Map(), names: new Map() });
  const messages = children.map((message) => asBefore(message, before.current.messages.get(message.key)));
  const groups = [...grouped(messages, before.current.names)];
  before.current = {
    messages: new Map(messages.map((message) => [message.key, message])),
    names: new Map(groups.flatMap(([name, some]) => some.map(({ key }) => [key, name]))),
  };
  return groups.map(([name, some]) => (
    <div key={name} className="messages">
      <Drawn>{some}</Drawn>
    </div>
  ));
}
