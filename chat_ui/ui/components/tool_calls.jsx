// The tools that a model wants called, as the log that chat/tool_log.py writes tells of them.
import { ChevronRight } from "./icons.jsx";

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
        <span>{streaming ? "Calling" : "Call of"}</span>
        <code>{call.name ?? "a tool"}</code>
        {!streaming && read === null && <span className="meta">cut off</span>}
      </summary>
      <pre tabIndex={0} aria-label={`Arguments of ${call.name ?? "the call"}`} role="group">{read ?? call.arguments}</pre>
    </details>
  );
}

export function ToolCalls({ log, streaming }) {
  return callsIn(log).map((call) => <Call key={call.index} call={call} streaming={streaming} />);
}
