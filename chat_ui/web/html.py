"""The pages before somebody is signed in. They are plain HTML: no script runs for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from string import Template

from chat_ui.accounts.passwords import LONGEST, SHORTEST
from chat_ui.words import say

__all__ = ["NAME", "NEW_PASSWORD", "PASSWORD", "Field", "Form", "page"]

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>$title · Chat UI</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/tokens.css">
<link rel="stylesheet" href="/accounts.css">
</head>
<body class="door">
<main>
<p class="door-brand"><img src="/icon.svg" alt="">Chat UI</p>
<h1>$title</h1>
$body
</main>
</body>
</html>
""")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Args:
        label: what is asked.
        name: under which it is sent.
        complete: what the browser may fill in (https://html.spec.whatwg.org/#autofill).
        value: what stands in it.
        is_secret: whether it is a password.
        is_fixed: whether it can't be changed.
        hint: what fits, in words.
    """

    label: str
    name: str
    complete: str
    value: str = ""
    is_secret: bool = False
    is_fixed: bool = False
    hint: str = ""


NAME = Field(say("door.name"), "name", "username")
PASSWORD = Field(say("door.password"), "password", "current-password", is_secret=True)
NEW_PASSWORD = Field(
    say("door.new_password"),
    "new_password",
    "new-password",
    is_secret=True,
    hint=say("door.new_password.hint", shortest=SHORTEST, longest=LONGEST),
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form that is sent to the address it came from.

    Args:
        title: what it is about.
        token: shows that the form was ours.
        fields: what is asked.
        button: what sends it.
        words: what stands above it.
        error: what was wrong the last time, in words.
        wrong: the name of the field that the error is about, where it is about one.
        links: where else one can go, as ``(address, words)``.
        is_grave: whether it takes something away for good.
    """

    title: str
    token: str
    fields: tuple[Field, ...]
    button: str
    words: str = ""
    error: str = ""
    wrong: str = ""
    links: tuple[tuple[str, str], ...] = ()
    is_grave: bool = False

    def html(self) -> str:
        """The page that holds it."""
        parts = [f"<p>{escape(self.words)}</p>" if self.words else ""]
        if self.error:
            parts.append(f'<p class="door-error" role="alert" id="error">{escape(self.error)}</p>')
        parts.append('<form method="post" accept-charset="utf-8">')
        parts.append(f'<input type="hidden" name="form_token" value="{escape(self.token)}">')
        parts += self._fields()
        look = "button danger" if self.is_grave else "button primary"
        parts.append(f'<button type="submit" class="{look}">{escape(self.button)}</button></form>')
        links = " ".join(f'<a href="{escape(where)}">{escape(words)}</a>' for where, words in self.links)
        parts.append(f'<p class="door-links">{links}</p>' if links else "")
        return page(self.title, "\n".join(filter(None, parts)))

    def _fields(self) -> Iterator[str]:
        first = next((field.name for field in self.fields if not field.value or field.name == self.wrong), "")
        for field in self.fields:
            yield _field(field, focus=field.name == first, wrong=field.name == self.wrong)


def page(title: str, body: str) -> str:
    """A page; the body is HTML already."""
    return _PAGE.substitute(title=escape(title), body=body)


def _field(field: Field, *, focus: bool, wrong: bool) -> str:
    kind = "password" if field.is_secret else "text"
    hint = f'<span class="door-hint" id="{field.name}-hint">{escape(field.hint)}</span>' if field.hint else ""
    described = " ".join(filter(None, ("error" if wrong else "", f"{field.name}-hint" if field.hint else "")))
    marks = [
        f'type="{kind}" name="{field.name}" autocomplete="{field.complete}" value="{escape(field.value)}"',
        f'maxlength="{LONGEST}" autocapitalize="none" spellcheck="false" required',
        "readonly" if field.is_fixed else "",
        "autofocus" if focus else "",
        'aria-invalid="true"' if wrong else "",
        f'aria-describedby="{described}"' if described else "",
    ]
    return f"<label>{escape(field.label)}{hint}<input {' '.join(filter(None, marks))}></label>"
