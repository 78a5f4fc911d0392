// Whether the site can be reached. The websocket may take half a minute to notice that it is cut, and a browser that is
// offline still reaches a site on its own machine: where either gives cause to doubt, the site itself is asked.
import { useEffect, useRef, useState } from "react";
import { createPath, useNavigation } from "react-router";
import { useConversation } from "./address.js";
import { dismissFailure, passOver, useFailure } from "./failure.js";
import { X } from "./icons.jsx";
import { useRenewal } from "./renewal.js";
import { tellAgain } from "./telling.js";
import { say } from "./words.js";

const EVERY_MS = 4000;

// Whoever is no longer signed in is led to where they can be again.
async function reach() {
  const answer = await fetch("/session", { cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) {
    const here = location.pathname;
    location.assign(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`);
  }
  return answer !== null;
}

// React Router loads the page anew where the script of the one that somebody goes to can't be fetched. While the site
// is away that would leave nothing but the browser's own words, so the page stays. React Router never tries that script
// again: once the site is back, the way there leads through the server.
function useStaying(isOut) {
  const { location: wanted } = useNavigation();
  const hasStayed = useRef(false);
  useEffect(() => {
    if (!isOut) return undefined;
    const stay = (event) => {
      if (event.navigationType !== "reload") return;
      event.preventDefault();
      hasStayed.current = true;
    };
    window.navigation?.addEventListener("navigate", stay);
    return () => window.navigation?.removeEventListener("navigate", stay);
  }, [isOut]);
  useEffect(() => {
    if (hasStayed.current && wanted && !isOut) location.assign(createPath(wanted));
  }, [wanted, isOut]);
}

// What failed may have left the page behind: a new one has all that is stored.
function Failure({ words }) {
  return (
    <div className="failure" role="alert">
      <p>{words}</p>
      <button type="button" className="link-button" onClick={() => location.reload()}>
        {say("page.reload")}
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={say("failed.dismiss")}
        title={say("failed.dismiss")}
        onClick={dismissFailure}
      >
        <X />
      </button>
    </div>
  );
}

export function Connection({ errors, loaded }) {
  const [unreached, setUnreached] = useState(false);
  const isOut = errors.length > 0 || unreached;
  const isOld = useRenewal(errors, useConversation());
  useStaying(isOut);
  // Reflex puts a new list, an empty one, whenever the websocket is there again.
  useEffect(() => {
    if (errors.length === 0) tellAgain();
  }, [errors]);
  useEffect(() => {
    if (loaded) passOver();
  }, [loaded]);
  useEffect(() => {
    const ask = async () => setUnreached(!(await reach()));
    window.addEventListener("offline", ask);
    window.addEventListener("online", ask);
    if (isOut) ask();
    const asking = isOut && setInterval(ask, EVERY_MS);
    return () => {
      window.removeEventListener("offline", ask);
      window.removeEventListener("online", ask);
      clearInterval(asking);
    };
  }, [isOut]);
  const notice = isOut ? "page.offline" : isOld && "page.updated";
  const failure = useFailure();
  return (
    <div className="over-page" data-says={notice ? "" : undefined}>
      <div role="status">{notice && <p className="offline">{say(notice)}</p>}</div>
      {failure && <Failure words={failure} />}
    </div>
  );
}
