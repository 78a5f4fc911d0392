// Around every page: what has to be there before any of them is.
import { Component, useEffect } from "react";
import { LiveRegion } from "./announcer.jsx";
import { PageComing } from "./coming.jsx";
import { keepOwnDrafts } from "./drafts.js";
import { keepFocus } from "./focus.js";
// The server may push texts, or answer a message, before the page that shows them has been fetched.
import "./outbox.js";
import "./texts.js";
import { Shortcuts } from "./shortcuts.jsx";
import { keepToScreen } from "./screen.js";
import { say } from "./words.js";

function Around() {
  useEffect(keepFocus, []);
  useEffect(keepOwnDrafts, []);
  useEffect(keepToScreen, []);
  return (
    <>
      <PageComing />
      <LiveRegion />
      <Shortcuts />
    </>
  );
}

export class Shell extends Component {
  state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  render() {
    if (!this.state.broken) {
      return (
        <>
          {this.props.children}
          <Around />
        </>
      );
    }
    return (
      <div className="missing" role="alert">
        <p>{say("page.broken")}</p>
        <button type="button" className="button primary" onClick={() => window.location.reload()}>
          {say("page.reload")}
        </button>
      </div>
    );
  }
}
