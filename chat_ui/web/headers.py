"""The headers that tell a browser what this site's pages may do."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Headers", "hashes_of_scripts", "policy"]

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
YEAR_S = 31_536_000
# The compiled scripts are the same for everybody. Diagrams are drawn in a frame without an origin, which to a
# browser is a stranger, and loads them from here.
PUBLIC = "/assets/"
# Named by what was in it before the page's addresses were taken out of it (``page.address_page``).
NAMED_BEFORE = f"{PUBLIC}reflex-env-"
SELDOM_CHANGED = ("/fonts/", "/icon.svg")
FOR_GOOD = "max-age=31536000, immutable"
FOR_A_DAY = "max-age=86400"
FOUND = (200, 304)


def hashes_of_scripts(pages: Path) -> list[str]:
    """The hashes of all scripts that stand in the compiled pages themselves.

    Reflex and React Router put some there; a policy that names each of them needs no ``unsafe-inline``.
    """
    found: set[str] = set()
    for page in sorted(pages.rglob("*.html")):
        for script in INLINE_SCRIPT.findall(page.read_text(encoding="utf-8")):
            digest = hashlib.sha256(script.encode()).digest()
            found.add(f"'sha256-{base64.b64encode(digest).decode()}'")
    return sorted(found)


def policy(hashes: Iterable[str], *, images: str) -> str:
    """The Content-Security-Policy of every page.

    Args:
        hashes: of the scripts that stand in the pages.
        images: from where images may come beside the site itself.
    """
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", *hashes)),
        # Components style themselves, and KaTeX and the highlighter write style attributes.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {images}".strip(),
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def kept(path: str, media_type: str) -> str:
    """How long a browser keeps a file of the compiled page without asking, as ``Cache-Control`` has it.

    Args:
        path: under which it was asked for.
        media_type: of what was found there.

    Returns:
        blank where it is no file of the page, but an answer to somebody.
    """
    if path.startswith(PUBLIC):
        return "no-cache" if path.startswith(NAMED_BEFORE) else FOR_GOOD
    if path.startswith(SELDOM_CHANGED):
        return FOR_A_DAY
    # A page names the scripts of its own build, which an update takes away.
    return "no-cache" if media_type.startswith("text/html") else ""


class Headers:
    """Puts the headers on every answer.

    Args:
        app: what answers.
        content_policy: the Content-Security-Policy.
        is_secure: whether the site is reached by TLS, and never should be by anything else again.
    """

    def __init__(self, app: ASGIApp, content_policy: str, *, is_secure: bool) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": content_policy,
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            # Addresses hold ids, and links that let somebody in. Not "no-referrer": with that,
            # a browser doesn't say of the site's own forms that they are its own.
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        }
        if is_secure:
            self._headers["strict-transport-security"] = f"max-age={YEAR_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what comes, as ASGI has it."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"].startswith(PUBLIC):
                    headers["cross-origin-resource-policy"] = "cross-origin"
                # What isn't there may be, by the same name, after an update.
                how = kept(scope["path"], headers.get("content-type", ""))
                if how and message["status"] in FOUND:
                    headers.setdefault("cache-control", how)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
