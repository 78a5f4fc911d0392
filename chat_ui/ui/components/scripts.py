"""The page's own scripts, wrapped as Reflex components."""

from __future__ import annotations

import reflex as rx
from reflex_base.constants.compiler import MemoizationMode
from reflex_components_lucide.icon import LUCIDE_LIBRARY

from chat_ui.chat.again import Again
from chat_ui.chat.turns import Draft
from chat_ui.state.heads import MessageHead
from chat_ui.ui.components.linking import script

__all__ = [
    "Announcements",
    "Announcer",
    "Answer",
    "AskAgain",
    "Composer",
    "Connection",
    "CopyText",
    "Counter",
    "Details",
    "Drawn",
    "Example",
    "Menu",
    "Messages",
    "Reading",
    "Refusal",
    "RenameItem",
    "Scrim",
    "Shell",
    "ShortcutsButton",
    "SidebarToggle",
    "SkipLink",
    "Thread",
    "Title",
    "Words",
]

STREAMDOWN = "streamdown@2.7.1"
REMEND = "remend@1.4.0"
MARKED = "marked@18.2.1"
SHIKI = ["@shikijs/primitive@4.6.0", "@shikijs/engine-javascript@4.6.0", "@shikijs/langs@4.6.0"]
MATH = ["remark-math@6.0.0", "rehype-katex@7.0.1", "katex@0.16.27"]
MERMAID = "mermaid@12.3.0"


class Answer(rx.Component):
    """What a model said, as markdown that grows while it streams."""

    library = script("answer.jsx")
    tag = "Answer"
    lib_dependencies: list[str] = [STREAMDOWN, REMEND, MARKED, *SHIKI, *MATH, MERMAID, LUCIDE_LIBRARY]

    message_id: rx.Var[str]
    status: rx.Var[str]
    cut: rx.Var[bool]
    chars: rx.Var[int]
    on_gap: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Details(rx.Component):
    """A line about an answer, which opens to all that is known of how it came about."""

    library = script("details.jsx")
    tag = "Details"

    message_id: rx.Var[str]
    note: rx.Var[str]
    figures: rx.Var[str]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Counter(rx.Component):
    """How many tokens an answer has so far, about."""

    library = script("answer.jsx")
    tag = "Counter"

    message_id: rx.Var[str]


class CopyText(rx.Component):
    """A button that puts a text on the clipboard."""

    library = script("copy.jsx")
    tag = "CopyText"

    text: rx.Var[str]
    label: rx.Var[str]


class AskAgain(rx.Component):
    """A button that asks for an answer once more, or for the rest of it; clicked twice it asks once."""

    library = script("ask_again.jsx")
    tag = "AskAgain"

    label: rx.Var[str]
    shortcut: rx.Var[str]
    message_id: rx.Var[str]
    on_ask: rx.EventHandler[rx.event.passthrough_event_spec(Again)]


class Words(rx.Component):
    """What a person wrote, as they wrote it."""

    library = script("answer.jsx")
    tag = "Words"

    message_id: rx.Var[str]
    chars: rx.Var[int]
    on_gap: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Composer(rx.Component):
    """Where a person writes."""

    library = script("composer.jsx")
    tag = "Composer"

    shown: rx.Var[str]
    leaf: rx.Var[str]
    gateway: rx.Var[str]
    model: rx.Var[str]
    heard: rx.Var[str]
    running: rx.Var[str]
    ended: rx.Var[str]
    max_chars: rx.Var[int]
    paid: rx.Var[bool]
    price: rx.Var[str]
    on_price: rx.EventHandler[rx.event.passthrough_event_spec(Draft)]
    on_send: rx.EventHandler[rx.event.passthrough_event_spec(Draft)]
    on_stop: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Connection(rx.Component):
    """Says so while the site can't be reached; leads to the sign-in page if one is no longer signed in.

    After an update of the site it loads the page anew.
    """

    library = script("connection.jsx")
    tag = "Connection"

    errors: rx.Var[list[Exception]]
    loaded: rx.Var[bool]


class Reading(rx.Component):
    """A menu of how answers are read in this browser."""

    library = script("reading.jsx")
    tag = "Reading"


class Example(rx.Component):
    """A button that sends an example message."""

    library = script("composer.jsx")
    tag = "Example"

    text: rx.Var[str]


class Title(rx.Component):
    """A row of the list, or the field in which its title is typed anew."""

    library = script("title.jsx")
    tag = "Title"

    conversation_id: rx.Var[str]
    title: rx.Var[str]
    on_keep: rx.EventHandler[rx.event.passthrough_event_spec(dict[str, str])]


class RenameItem(rx.Component):
    """The item of a menu that turns a title into a field."""

    library = script("title.jsx")
    tag = "RenameItem"

    conversation_id: rx.Var[str]


class Refusal(rx.Component):
    """Why what a form asked for was refused, in sight together with its buttons."""

    library = script("refusal.jsx")
    tag = "Refusal"

    words: rx.Var[str]


class Drawn(rx.Component):
    """What a message has, which is drawn in small steps where somebody reads back to it."""

    library = script("earlier.jsx")
    tag = "Drawn"


class Messages(rx.Component):
    """The messages of the log, in groups that are passed over where they are out of sight."""

    library = script("messages.jsx")
    tag = "Messages"
    # It looks at each message: they must not be made in a component between.
    _memoization_mode = MemoizationMode(recursive=False)


class Thread(rx.Component):
    """The scrolling log of messages."""

    library = script("thread.jsx")
    tag = "Thread"

    conversation: rx.Var[str]
    title: rx.Var[str]
    busy: rx.Var[bool]
    first: rx.Var[str]
    more: rx.Var[bool]
    on_top: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class Announcements(rx.Component):
    """What this browser's screen reader is to announce."""

    library = script("announcer.jsx")
    tag = "Announcements"


class Announcer(rx.Component):
    """Tells screen readers how the answers of a conversation go on."""

    library = script("announcer.jsx")
    tag = "Announcer"

    conversation: rx.Var[str]
    heads: rx.Var[list[MessageHead]]


class ShortcutsButton(rx.Component):
    """A button that lists the keys."""

    library = script("shortcuts.jsx")
    tag = "ShortcutsButton"


class SkipLink(rx.Component):
    """Leads a keyboard past everything, to the latest answer."""

    library = script("shortcuts.jsx")
    tag = "SkipLink"


class Shell(rx.Component):
    """What stands around every page, and catches what breaks in it."""

    library = script("shell.jsx")
    tag = "Shell"


class Scrim(rx.Component):
    """What lies over the page while the sidebar is a drawer."""

    library = script("sidebar_toggle.jsx")
    tag = "Scrim"


class SidebarToggle(rx.Component):
    """A button that shows or hides the sidebar."""

    library = script("sidebar_toggle.jsx")
    tag = "SidebarToggle"


class Menu(rx.Component):
    """A button that opens a menu; its children are the items, or groups of them.

    With a ``search``, which names it, there is a field above them that leaves only those that hold a text.
    What is written on the button describes it.
    """

    library = script("menu.jsx")
    tag = "Menu"

    label: rx.Var[str]
    face: rx.Var[rx.Component]
    button_class: rx.Var[str]
    panel_class: rx.Var[str]
    search: rx.Var[str]
    on_open: rx.EventHandler[rx.event.no_args_event_spec]
