// What waits above the composer, and what sends it when its time has come.
import { useEffect, useRef, useState } from "react";
import { CornerDownRight, Pencil, SendHorizontal, X } from "./icons.jsx";
import { forgive, post, useOutbox, withdraw } from "./outbox.js";
import { calm, dequeue, hurry, useQueue } from "./queue.js";
import { say } from "./words.js";

const ENDED_BADLY = ["failed", "interrupted", "stopped"];

// Only the end of an answer that this page has seen growing sends what waits: a page that is opened a day
// later sends nothing by itself. Where the answer ended badly, the next message is the person's to send.
function useSending({ conversation, settled, running, ended, draftOf, onSend }) {
  const queue = useQueue(conversation);
  const place = `queue:${conversation}`;
  const { sending, refusal } = useOutbox(place);
  const seen = useRef("");
  const [held, setHeld] = useState(false);
  const next = queue[0];

  useEffect(() => {
    if (settled && running) seen.current = conversation;
    // Whatever becomes of such an answer, deleting it least of all: it has not ended well.
    else if (settled && ENDED_BADLY.includes(ended)) seen.current = "";
  }, [settled, running, ended, conversation]);
  // What was removed, here or in another tab, isn't sent any more.
  useEffect(() => withdraw(place, queue.map(({ id }) => id)), [queue, place]);
  useEffect(() => {
    if (!settled || running || sending || !next) return;
    const isTime = seen.current === conversation && !ENDED_BADLY.includes(ended) && !refusal;
    setHeld(!isTime && !next.now);
    if (!isTime && !next.now) return;
    seen.current = "";
    const { id, text } = next;
    // The person may be elsewhere by then.
    const onAnswer = (refused) => (refused ? calm : dequeue)(conversation, id);
    post(place, { ...draftOf(text), id, conversation_id: conversation }, onSend, onAnswer);
  }, [settled, running, sending, ended, next, refusal]);
  return { queue, refusal, held: held && !running, forget: () => forgive(place) };
}

export function Queued({ onTakeBack, onStop, ...thread }) {
  const { queue, refusal, held, forget } = useSending(thread);
  const { conversation, running } = thread;
  if (queue.length === 0) return null;
  const sendNow = (id) => {
    forget();
    hurry(conversation, id);
    if (running) onStop(running);
  };
  return (
    <div className="queue">
      {refusal && <p className="notice" role="alert">{refusal}</p>}
      <p className="meta" role="status">
        {held ? say("queue.held") : say("queue.waits")}
      </p>
      <ul aria-label={say("queue")}>
        {queue.map(({ id, text }) => (
          <li key={id}>
            <CornerDownRight />
            <span dir="auto" title={text}>{text}</span>
            <button
              type="button"
              className="icon-button"
              aria-label={say("queue.now")}
              title={running ? say("queue.now.stops") : say("queue.now")}
              onClick={() => sendNow(id)}
            >
              <SendHorizontal />
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={say("queue.back")}
              title={say("queue.back.what")}
              onClick={() => {
                dequeue(conversation, id);
                onTakeBack(text);
              }}
            >
              <Pencil />
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={say("queue.remove")}
              title={say("queue.remove")}
              onClick={() => dequeue(conversation, id)}
            >
              <X />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
