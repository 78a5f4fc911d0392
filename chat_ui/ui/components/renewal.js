// A page may be older than the site: it was open while the site was updated. The server may no longer speak as it
// expects, and scripts that it hasn't fetched yet are gone. So it asks each time that it has come back to the server,
// and loads itself anew as soon as that takes nobody's words away.
import { useEffect, useState } from "react";
import { draftAt } from "./drafts.js";
import { isEditing } from "./editing.js";
import { isSending } from "./outbox.js";

// React Router's list of a page's scripts is named by what is in it. There is none in development.
const BUILD = /\/assets\/manifest-[\w-]+\.js/;
const FIELD = "input:not([type=radio], [type=checkbox]), textarea";
const EVERY_MS = 1000;

let connection = null;
let connections = 0;

// Reflex puts a new list of errors, an empty one, whenever the websocket is there again. The first two are those that
// a page begins with and that of its first connection.
function isBackAgain(errors) {
  if (errors === connection) return false;
  connection = errors;
  if (errors.length === 0) connections += 1;
  return errors.length === 0 && connections > 2;
}

async function isOutOfDate() {
  const ours = window.__reactRouterManifest?.url;
  const answer = ours && (await fetch(location.pathname, { cache: "no-store" }).catch(() => null));
  if (!answer?.ok || answer.redirected) return false;
  const [theirs = ours] = BUILD.exec(await answer.text()) ?? [];
  return theirs !== ours;
}

// Words that a reload would take: on their way, in a field that nobody keeps, or in a draft that couldn't be kept.
function holdsWords(conversation) {
  const composer = document.querySelector(".composer textarea");
  const focused = document.activeElement;
  if (isSending() || isEditing()) return true;
  if (focused !== composer && focused?.matches(FIELD)) return true;
  if (composer && composer.value !== draftAt(conversation)) return true;
  const fields = document.querySelectorAll(`.title-field, form:not(.composer) :is(${FIELD})`);
  return [...fields].some((field) => field.value !== field.defaultValue);
}

// Whether this page is older than the site, and waits until it may load itself anew.
export function useRenewal(errors, conversation) {
  const [isOld, setOld] = useState(false);
  useEffect(() => {
    if (isBackAgain(errors)) isOutOfDate().then((found) => found && setOld(true));
  }, [errors]);
  useEffect(() => {
    if (!isOld) return undefined;
    // Asked again: the site may be away once more, and a reload would leave nothing but the browser's own words.
    const renew = async () => !holdsWords(conversation) && (await isOutOfDate()) && location.reload();
    renew();
    const trying = setInterval(renew, EVERY_MS);
    return () => clearInterval(trying);
  }, [isOld, conversation]);
  return isOld;
}
