// What stands where a conversation will be, if that takes its time: nothing at first, or a quick one would flicker.
import { useEffect } from "react";
import { announce } from "./announcements.js";
import { say } from "./words.js";

const SOON_MS = 400;

function Lines() {
  return (
    <div className="coming" aria-hidden="true">
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

export function Coming() {
  useEffect(() => {
    const timer = setTimeout(() => announce(say("thread.coming")), SOON_MS);
    return () => clearTimeout(timer);
  }, []);
  return <Lines />;
}

// The outline of a page whose scripts are still on their way. It is hidden as soon as there is a page beside it.
export function PageComing() {
  return (
    <div className="page-coming" role="status">
      <span className="visually-hidden">{say("page.coming")}</span>
      <div className="sidebar" />
      <div className="page-coming-main">
        <div className="thread">
          <Lines />
        </div>
        <div className="composer-dock">
          <div className="composer-box" />
        </div>
      </div>
    </div>
  );
}
