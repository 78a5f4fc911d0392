"""The site as the server of HTTP sees it: headers, then the door, then the pages of accounts, then Reflex."""

from __future__ import annotations

from reflex.constants import Dirs
from reflex.utils.prerequisites import get_web_dir
from starlette.routing import Router
from starlette.types import ASGIApp

from chat_ui.settings import get_settings
from chat_ui.web import sign_in
from chat_ui.web.door import Door
from chat_ui.web.headers import Headers, hashes_of_scripts, policy
from chat_ui.web.requests import Browser

__all__ = ["at_the_door"]

# On one's own machine an image from elsewhere may be loaded, once it is clicked.
REMOTE_IMAGES = "https: http:"


def at_the_door(app: ASGIApp) -> ASGIApp:
    """Put before Reflex's own app what everything has to pass; a local site has no door, only headers."""
    settings = get_settings()
    hashes = hashes_of_scripts(get_web_dir() / Dirs.STATIC)
    if settings.hosted:
        browser = Browser(settings)
        app = Door(Router(sign_in.routes(browser), default=app, redirect_slashes=False), browser)
    images = "" if settings.hosted else REMOTE_IMAGES
    return Headers(app, policy(hashes, images=images), is_secure=settings.is_secure)
