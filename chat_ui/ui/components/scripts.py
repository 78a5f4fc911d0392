"""The page's own scripts, wrapped as Reflex components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import reflex as rx
from reflex_components_lucide.icon import LUCIDE_LIBRARY

from chat_ui.chat.again import Again
from chat_ui.chat.branches import Rewording
from chat_ui.chat.turns import Draft
from chat_ui.state.heads import MessageHead

__all__ = [
    "Actions",
    "Announcements",
    "Announcer",
    "Answer",
    "AskAgain",
    "Composer",
    "CopyMessage",
    "Counter",
    "Details",
    "Editable",
    "Example",
    "Menu",
    "Scrim",
    "SessionWatch",
    "Shell",
    "ShortcutsButton",
    "SidebarToggle",
    "SkipLink",
    "Thread",
    "TitleField",
    "UndoBar",
    "Versions",
    "Words",
]

STREAMDOWN = "streamdown@2.7.1"
REMEND = "remend@1.4.0"
MARKED = "marked@18.2.1"
SHIKI = ["@shikijs/primitive@4.6.0", "@shikijs/engine-javascript@4.6.0", "@shikijs/langs@4.6.0"]
MATH = ["remark-math@6.0.0", "rehype-katex@7.0.1", "katex@0.16.27"]
MERMAID = "mermaid@12.3.0"


def _script(name: str) -> str:
    return rx.asset(name, shared=True, _stack_level=2).importable_path


# Most are imported by other scripts alone, but they too have to be linked into the page's build.
for _file in sorted(Path(__file__).parent.glob("*.js*")):
    _script(_file.name)


class Answer(rx.Component):
    """What a model said, as markdown that grows while it streams."""

    library = _script("answer.jsx")
    tag = "Answer"
    lib_dependencies: list[str] = [STREAMDOWN, REMEND, MARKED, *SHIKI, *MATH, MERMAID, LUCIDE_LIBRARY]

    message_id: rx.Var[str]
    status: rx.Var[str]
    chars: rx.Var[int]
    on_gap: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Details(rx.Component):
    """A line about an answer, which opens to all that is known of how it came about."""

    library = _script("details.jsx")
    tag = "Details"

    message_id: rx.Var[str]
    note: rx.Var[str]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Counter(rx.Component):
    """How many tokens an answer has so far, about."""

    library = _script("answer.jsx")
    tag = "Counter"

    message_id: rx.Var[str]


class AskAgain(rx.Component):
    """A button that asks for an answer once more, or for the rest of it; clicked twice it asks once."""

    library = _script("ask_again.jsx")
    tag = "AskAgain"

    label: rx.Var[str]
    shortcut: rx.Var[str]
    message_id: rx.Var[str]
    gateway: rx.Var[str]
    model: rx.Var[str]
    on_ask: rx.EventHandler[rx.event.passthrough_event_spec(Again)]


class Actions(rx.Component):
    """What can be done about a message, as a row of buttons."""

    library = _script("message_actions.jsx")
    tag = "Actions"

    message_id: rx.Var[str]
    role: rx.Var[str]
    status: rx.Var[str]
    action: rx.Var[str]
    gateway: rx.Var[str]
    model: rx.Var[str]
    groups: rx.Var[list[Any]]
    on_again: rx.EventHandler[rx.event.passthrough_event_spec(Again)]
    on_continue: rx.EventHandler[rx.event.passthrough_event_spec(Again)]
    on_fork: rx.EventHandler[rx.event.passthrough_event_spec(Again)]
    on_delete: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Versions(rx.Component):
    """Which of several versions of a message is shown, and the way to the others."""

    library = _script("message_actions.jsx")
    tag = "Versions"

    message_id: rx.Var[str]
    place: rx.Var[int]
    places: rx.Var[int]
    before: rx.Var[str]
    after: rx.Var[str]
    on_show: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Editable(rx.Component):
    """A message that can be reworded where it stands; its children are what it says."""

    library = _script("editable.jsx")
    tag = "Editable"

    message_id: rx.Var[str]
    role: rx.Var[str]
    conversation: rx.Var[str]
    gateway: rx.Var[str]
    model: rx.Var[str]
    on_send: rx.EventHandler[rx.event.passthrough_event_spec(Draft)]
    on_reword: rx.EventHandler[rx.event.passthrough_event_spec(Rewording)]


class UndoBar(rx.Component):
    """The bar that says what was deleted, and brings it back."""

    library = _script("undo.jsx")
    tag = "UndoBar"

    offer: rx.Var[str]
    words: rx.Var[str]
    on_undo: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_let_go: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Words(rx.Component):
    """What a person wrote, as they wrote it."""

    library = _script("answer.jsx")
    tag = "Words"

    message_id: rx.Var[str]
    chars: rx.Var[int]
    on_gap: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class CopyMessage(rx.Component):
    """A button that copies a message."""

    library = _script("copy.jsx")
    tag = "CopyMessage"

    message_id: rx.Var[str]


class Composer(rx.Component):
    """Where a person writes."""

    library = _script("composer.jsx")
    tag = "Composer"

    shown: rx.Var[str]
    leaf: rx.Var[str]
    gateway: rx.Var[str]
    model: rx.Var[str]
    running: rx.Var[str]
    max_chars: rx.Var[int]
    paid: rx.Var[bool]
    price: rx.Var[str]
    on_price: rx.EventHandler[rx.event.passthrough_event_spec(Draft)]
    on_send: rx.EventHandler[rx.event.passthrough_event_spec(Draft)]
    on_stop: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Example(rx.Component):
    """A button that sends an example message."""

    library = _script("composer.jsx")
    tag = "Example"

    text: rx.Var[str]


class TitleField(rx.Component):
    """A field for a title: Enter and leaving it keep what was typed, Escape doesn't."""

    library = _script("title_field.jsx")
    tag = "TitleField"

    title: rx.Var[str]
    on_keep: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_cancel: rx.EventHandler[rx.event.no_args_event_spec]


class Thread(rx.Component):
    """The scrolling log of messages."""

    library = _script("thread.jsx")
    tag = "Thread"

    conversation: rx.Var[str]
    title: rx.Var[str]
    busy: rx.Var[bool]
    first: rx.Var[str]
    more: rx.Var[bool]
    on_top: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Announcements(rx.Component):
    """What this browser's screen reader is to announce."""

    library = _script("announcer.jsx")
    tag = "Announcements"


class Announcer(rx.Component):
    """Tells screen readers how the answers of a conversation go on."""

    library = _script("announcer.jsx")
    tag = "Announcer"

    conversation: rx.Var[str]
    heads: rx.Var[list[MessageHead]]


class ShortcutsButton(rx.Component):
    """A button that lists the keys."""

    library = _script("shortcuts.jsx")
    tag = "ShortcutsButton"


class SkipLink(rx.Component):
    """Leads a keyboard past everything, to the latest answer."""

    library = _script("shortcuts.jsx")
    tag = "SkipLink"


class Shell(rx.Component):
    """What stands around every page, and catches what breaks in it."""

    library = _script("shell.jsx")
    tag = "Shell"


class SessionWatch(rx.Component):
    """Leads to the sign-in page where the site can't be reached because one is no longer signed in."""

    library = _script("session_watch.jsx")
    tag = "SessionWatch"


class Scrim(rx.Component):
    """What lies over the page while the sidebar is a drawer."""

    library = _script("sidebar_toggle.jsx")
    tag = "Scrim"


class SidebarToggle(rx.Component):
    """A button that shows or hides the sidebar."""

    library = _script("sidebar_toggle.jsx")
    tag = "SidebarToggle"


class Menu(rx.Component):
    """A button that opens a menu; its children are the items, or groups of them.

    With a ``search``, which names it, there is a field above them that leaves only those that hold a text.
    """

    library = _script("menu.jsx")
    tag = "Menu"

    label: rx.Var[str]
    face: rx.Var[rx.Component]
    button_class: rx.Var[str]
    panel_class: rx.Var[str]
    search: rx.Var[str]
    on_open: rx.EventHandler[rx.event.no_args_event_spec]
