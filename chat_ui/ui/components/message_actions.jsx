// What a person can do about a message, in the row beneath it. Every change comes back from the server; here
// only the focus is looked after, because the message that was acted upon may be gone by then.
import { useEffect, useRef, useState } from "react";
import { focusComposer } from "./editable.jsx";
import { edit } from "./editing.js";
import * as icons from "./icons.jsx";
import { CopyMessage } from "./copy.jsx";
import { Menu } from "./menu.jsx";
import { modelToAsk } from "./model_choice.jsx";
import { newId } from "./outbox.js";
import { say } from "./words.js";

const SEARCH_FROM = 13;

function IconButton({ label, icon: Icon, className = "", ...rest }) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} title={label} {...rest}>
      <Icon />
    </button>
  );
}

// The version that is switched to has a row of its own: the focus moves over to it.
let arriving = { messageId: "", name: "" };

export function Versions({ messageId, place, places, before, after, onShow }) {
  const root = useRef(null);
  useEffect(() => {
    if (arriving.messageId !== messageId) return;
    const there = root.current?.querySelector(`[data-way="${arriving.name}"]:not(:disabled)`);
    arriving = { messageId: "", name: "" };
    (there ?? root.current?.querySelector("button:not(:disabled)"))?.focus({ preventScroll: true });
  }, []);
  if (places < 2) return null;
  const go = (to, name) => () => {
    arriving = { messageId: to, name };
    onShow(to);
  };
  return (
    <span ref={root} className="versions" role="group" aria-label={say("versions")}>
      <IconButton
        label={say("versions.previous")}
        icon={icons.ChevronLeft}
        data-way="before"
        disabled={!before}
        onClick={go(before, "before")}
      />
      <span className="meta">
        <span className="visually-hidden"> {say("versions.version")} </span>
        {say("versions.place", { place, places })}
      </span>
      <IconButton
        label={say("versions.next")}
        icon={icons.ChevronRight}
        data-way="after"
        disabled={!after}
        onClick={go(after, "after")}
      />
    </span>
  );
}

function ModelItems({ groups, onChoose }) {
  return groups.map(({ gateway, label, choices }) => (
    <div key={gateway} role="group" aria-label={label}>
      <p className="menu-heading" aria-hidden="true">{label}</p>
      {choices.map(({ id }) => (
        <button key={id} type="button" role="menuitem" tabIndex={-1} onClick={() => onChoose({ gateway, model: id })}>
          {id}
        </button>
      ))}
    </div>
  ));
}

function Again({ ask, groups, quiet }) {
  const count = groups.reduce((sum, { choices }) => sum + choices.length, 0);
  return (
    <>
      <IconButton
        label={say("regenerate")}
        icon={icons.RefreshCw}
        className={quiet ? "unless-last" : ""}
        aria-keyshortcuts="R"
        onClick={() => ask()}
      />
      {count > 1 && (
        <Menu
          label={say("regenerate.other")}
          face={
            <>
              {quiet && <span className="only-last menu-face"><icons.RefreshCw /></span>}
              <icons.ChevronDown />
            </>
          }
          buttonClass="icon-button slim"
          panelClass="models"
          search={count >= SEARCH_FROM ? say("header.model.find") : ""}
        >
          <ModelItems groups={groups} onChoose={ask} />
        </Menu>
      )}
    </>
  );
}

function More({ isAnswer, onFork, onDelete, onDeleteTurn }) {
  return (
    <Menu label={say("more")} face={<icons.Ellipsis />} buttonClass="icon-button">
      <button type="button" role="menuitem" tabIndex={-1} onClick={onFork}>
        {say("fork")}
        <icons.GitFork />
      </button>
      <button type="button" role="menuitem" tabIndex={-1} className="danger" onClick={onDeleteTurn}>
        {isAnswer ? say("delete.with_question") : say("delete.with_answer")}
        <icons.Trash />
      </button>
      <button type="button" role="menuitem" tabIndex={-1} className="danger" onClick={onDelete}>
        {say("delete.from_here")}
        <icons.Trash />
      </button>
    </Menu>
  );
}

export function Actions({
  messageId,
  role,
  status,
  action,
  saysSomething,
  groups,
  onAgain,
  onContinue,
  onFork,
  onDelete,
  onDeleteTurn,
}) {
  // However often a button is clicked, its id stays the same, and one id is one answer.
  const [id] = useState(newId);
  const named = () => ({ id, message_id: messageId, ...modelToAsk() });
  if (status === "streaming") return null;
  const ask = (another) => {
    onAgain({ ...named(), ...another });
    focusComposer();
  };
  const goOn = () => {
    onContinue(named());
    focusComposer();
  };
  const isAnswer = role === "assistant";
  return (
    <>
      {saysSomething && (
        <>
          <CopyMessage messageId={messageId} />
          <IconButton label={say("edit")} icon={icons.Pencil} aria-keyshortcuts="E" onClick={() => edit(messageId)} />
        </>
      )}
      {isAnswer && <Again ask={ask} groups={groups} quiet={action === "again"} />}
      {!isAnswer && (
        <IconButton
          label={say("regenerate")}
          icon={icons.RefreshCw}
          className="only-last"
          aria-keyshortcuts="R"
          onClick={() => ask()}
        />
      )}
      {action === "continue" && (
        <IconButton label={say("continue")} icon={icons.StepForward} className="unless-last" onClick={goOn} />
      )}
      <More
        isAnswer={isAnswer}
        onFork={() => onFork(named())}
        onDelete={() => onDelete(messageId)}
        onDeleteTurn={() => onDeleteTurn(messageId)}
      />
    </>
  );
}
