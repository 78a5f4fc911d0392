// Tells screen readers how the open conversation goes on: that an answer begins, its sentences, and how it ends.
import { useEffect, useId, useRef, useState } from "react";
import { announce, EVERYTHING, hush, NOTHING, STATUS_ONLY, want, wanted } from "./announcements.js";
import { takeBegun } from "./outbox.js";
import { Speech } from "./speech.js";
import { onTextEvery, readText } from "./texts.js";
import { say } from "./words.js";

const LATE_CHARS = 400;
const TELL_EVERY_MS = 250;
const CHOICES = {
  [EVERYTHING]: "announcements.sentences",
  [STATUS_ONLY]: "announcements.status",
  [NOTHING]: "announcements.off",
};
const ENDED = {
  complete: "announce.complete",
  stopped: "announce.stopped",
  interrupted: "announce.interrupted",
  failed: "announce.failed",
};

// Beside every page, or a new one would begin with nobody listening.
export function LiveRegion() {
  return <div className="visually-hidden" aria-live="polite" aria-relevant="additions" data-announcements="" />;
}

function tellEnd({ id, status, error }, speech) {
  if (wanted() === EVERYTHING) announce(speech.take(readText(id).text, true));
  announce([say(ENDED[status]), error].filter(Boolean).join(" "));
}

function tellSentences(id, speech) {
  if (id && wanted() === EVERYTHING) announce(speech.take(readText(id).text, false));
}

export function Announcer({ conversation, heads }) {
  const running = heads.findLast(({ status }) => status === "streaming")?.id ?? "";
  const told = useRef({ conversation: "", running: "", speech: null });

  useEffect(() => {
    const { conversation: where, running: before, speech: old } = told.current;
    const stays = where === conversation;
    if (!stays) hush();
    const ended = stays && before !== running && heads.find(({ id }) => id === before);
    if (ended) tellEnd(ended, old);
    // An answer may be over before its conversation is on the page: one that failed at once, above all.
    if (heads.length > 0 && takeBegun(conversation) && !running) {
      announce(say("announce.started"));
      tellEnd(heads.at(-1), new Speech());
    }
    const begins = running !== "" && !(stays && before === running);
    const speech = begins ? new Speech() : old;
    if (begins) {
      announce(say("announce.started"));
      const { text } = readText(running);
      // Whoever comes in the middle hears what comes from now on.
      if (text.length > LATE_CHARS) speech.skip(text);
    }
    tellSentences(running, speech);
    told.current = { conversation, running, speech };
  });
  useEffect(() => onTextEvery(TELL_EVERY_MS, running, () => tellSentences(running, told.current.speech)), [running]);
  return null;
}

export function Announcements() {
  const [how, setHow] = useState(wanted);
  const name = useId();
  const choose = (next) => {
    want(next);
    setHow(next);
  };
  return (
    <fieldset className="choices">
      <legend>{say("announcements")}</legend>
      {Object.entries(CHOICES).map(([each, words]) => (
        <label key={each}>
          <input type="radio" name={name} checked={how === each} onChange={() => choose(each)} />
          {say(words)}
        </label>
      ))}
    </fieldset>
  );
}
