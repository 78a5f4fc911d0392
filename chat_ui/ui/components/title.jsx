// The title of a conversation in the list, or the field in which it is typed anew. Enter keeps what was typed, and so
// does leaving the field; Escape doesn't. It stays until the server has taken the title: what can't be kept, or not
// yet, is still there to be seen.
import { useEffect, useId, useRef, useSyncExternalStore } from "react";
import { isFocusAdrift } from "./focus.js";
import { forgive, post, useOutbox, withdraw } from "./outbox.js";
import { say } from "./words.js";

// Whose title is typed anew in this tab: one at a time.
let renaming = "";
// What stood in its field when that went by itself: the list is made anew when the site comes back.
let left = null;
// Whoever ended it by a key then stands on the row that it belongs to, which may have to come again first.
let returningTo = "";
const listeners = new Set();

const placeOf = (conversationId) => `title:${conversationId}`;

function rename(id) {
  renaming = id;
  left = null;
  listeners.forEach((notify) => notify());
}

function subscribe(notify) {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

function takeUp(input) {
  if (left) input.value = left.typed;
  if (left && !isFocusAdrift()) return;
  input.focus();
  input.setSelectionRange(left?.from ?? 0, left?.to ?? input.value.length);
  // A title is known by its first words; what was selected last is shown otherwise.
  if (!left) input.scrollLeft = 0;
}

function Field({ conversationId, title, onKeep }) {
  const place = placeOf(conversationId);
  const { refusal } = useOutbox(place);
  const field = useRef(null);
  const id = useId();
  useEffect(() => {
    const input = field.current;
    takeUp(input);
    return () => {
      if (renaming !== conversationId) return;
      left = { typed: input.value, from: input.selectionStart, to: input.selectionEnd };
    };
  }, []);
  const end = () => renaming === conversationId && rename("");
  const keep = (byKey) => {
    if (renaming !== conversationId) return;
    returningTo = byKey ? conversationId : "";
    withdraw(place);
    const wanted = { conversation_id: conversationId, text: field.current.value };
    post(place, wanted, onKeep, (refused) => refused || end());
  };
  // The drawer that the list may be in stays open.
  const drop = (event) => {
    event.preventDefault();
    returningTo = conversationId;
    withdraw(place);
    forgive(place);
    end();
  };
  const onKeyDown = (event) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    // The key that chose "Rename" may still be held down.
    if (event.key === "Enter" && !event.repeat) keep(true);
    if (event.key === "Escape") drop(event);
  };
  return (
    <>
      <input
        ref={field}
        className="title-field"
        dir="auto"
        aria-label={say("title")}
        aria-invalid={Boolean(refusal)}
        aria-describedby={id}
        defaultValue={title}
        maxLength={200}
        onKeyDown={onKeyDown}
        onBlur={() => keep(false)}
      />
      <div id={id} role="alert">
        {refusal && <p className="notice">{refusal}</p>}
      </div>
    </>
  );
}

export function Title({ conversationId, title, onKeep, children }) {
  const isField = useSyncExternalStore(subscribe, () => renaming === conversationId, () => false);
  useEffect(() => {
    if (isField || returningTo !== conversationId) return;
    returningTo = "";
    if (isFocusAdrift()) document.querySelector(`.sidebar a[href="/c/${conversationId}"]`)?.focus();
  }, [isField]);
  return isField ? <Field {...{ conversationId, title, onKeep }} /> : children;
}

export function RenameItem({ conversationId }) {
  const begin = () => {
    forgive(placeOf(conversationId));
    rename(conversationId);
  };
  return (
    <button type="button" role="menuitem" tabIndex={-1} onClick={begin}>
      {say("sidebar.rename")}
    </button>
  );
}
