// Around every page: what has to be there before any of them is.
import { Component } from "react";
// The server may push texts, or answer a message, before the page that shows them has been fetched.
import "./outbox.js";
import "./texts.js";

export class Shell extends Component {
  state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  render() {
    if (!this.state.broken) return this.props.children;
    return (
      <div className="missing" role="alert">
        <p>This page has failed to draw itself. Nothing is lost: reload it to go on.</p>
        <button type="button" className="button primary" onClick={() => window.location.reload()}>
          Reload
        </button>
      </div>
    );
  }
}
