// The tools that a model wants called, as the log that chat/tool_log.py writes tells of them.
import { ChevronRight } from "./icons.jsx";
import { say } from "./words.js";

const SEPARATOR = "\u001e";

function callsIn(log) {
  const calls = new Map();
  for (const entry of log.split(SEPARATOR).slice(1)) {
    const line = entry.indexOf("\n");
    if (line < 0) continue;
    const [index, id, name] = JSON.parse(entry.slice(0, line));
    const known = calls.get(index) ?? { arguments: "" };
    calls.set(index, {
      index,
      id: known.id ?? id,
      name: known.name ?? name,
      arguments: known.arguments + entry.slice(line + 1),
    });
  }
  return [...calls.values()];
}

// The arguments are read only once they are whole.
function whole(text) {
  try {
    return JSON.stringify(JSON.parse(text || "{}"), null, 2);
  } catch {
    return null;
  }
}

function Call({ call, streaming }) {
  const read = streaming ? null : whole(call.arguments);
  return (
    <details className="tool-call" open>
      <summary>
        <ChevronRight />
        <span>{streaming ? say("tool.calling") : say("tool.call")}</span>
        <code>{call.name ?? say("tool.nameless")}</code>
        {!streaming && read === null && <span className="meta">{say("tool.cut")}</span>}
      </summary>
      <pre tabIndex={0} aria-label={say("tool.arguments", { name: call.name ?? say("tool.nameless") })} role="group">
        {read ?? call.arguments}
      </pre>
    </details>
  );
}

export function ToolCalls({ log, streaming }) {
  return callsIn(log).map((call) => <Call key={call.index} call={call} streaming={streaming} />);
}
