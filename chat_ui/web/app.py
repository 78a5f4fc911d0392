"""The site as the server of HTTP sees it: counted, headers, the door, our own routes, then Reflex."""

from __future__ import annotations

from reflex.constants import Dirs
from reflex.utils.prerequisites import get_web_dir
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp

from chat_ui.settings import get_settings
from chat_ui.web import operating, sign_in
from chat_ui.web.door import Door
from chat_ui.web.headers import Headers, hashes_of_scripts, policy
from chat_ui.web.parting import Parting
from chat_ui.web.requests import Browser
from chat_ui.web.trouble import InWords
from chat_ui.web.watched import Watched

__all__ = ["at_the_door"]

# On one's own machine an image from elsewhere may be loaded, once it is clicked.
REMOTE_IMAGES = "https: http:"


def at_the_door(app: ASGIApp) -> ASGIApp:
    """Put before Reflex's own app what everything has to pass; a local site has no door, only headers."""
    settings = get_settings()
    hashes = hashes_of_scripts(get_web_dir() / Dirs.STATIC)
    app = Parting(app)
    own: list[BaseRoute] = [*operating.routes(settings)]
    if settings.hosted:
        browser = Browser(settings)
        own += sign_in.routes(browser)
        app = InWords(Door(Router(own, default=app, redirect_slashes=False), browser))
    else:
        app = Router(own, default=app, redirect_slashes=False)
    images = "" if settings.hosted else REMOTE_IMAGES
    app = Headers(app, policy(hashes, images=images), is_secure=settings.is_secure)
    return Watched(app, keeps_ids=settings.trusted_proxies > 0)
