import { useEffect } from "react";

const EVERY_MS = 4000;

/** Asks, while the site can't be reached by its websocket, whether one is still signed in; if not, goes there. */
export function SessionWatch() {
  useEffect(() => {
    const ask = async () => {
      const answer = await fetch("/session", { cache: "no-store" }).catch(() => null);
      if (answer?.status === 401) {
        const here = location.pathname;
        location.assign(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`);
      }
    };
    ask();
    const asking = setInterval(ask, EVERY_MS);
    return () => clearInterval(asking);
  }, []);
  return null;
}
