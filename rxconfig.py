"""How Reflex runs the site."""

import os

import reflex as rx
from reflex.constants import PackageJson

from chat_ui.settings import SettingsError, load_settings

# The development server of the page listens on every interface unless it is told where to.
PackageJson.Commands.DEV = "react-router dev --host 127.0.0.1"

_port = os.environ.get("REFLEX_FRONTEND_PORT", "3000")
try:
    _public = load_settings().public_url
except SettingsError:
    # Said in words once the site is started; there is nothing to say of it while its page is compiled.
    _public = None

config = rx.Config(
    app_name="chat_ui",
    backend_host="127.0.0.1",
    frontend_port=int(_port),
    # Only the site's own pages may open its websocket.
    cors_allowed_origins=[
        origin
        for origin in (
            f"http://localhost:{_port}",
            f"http://127.0.0.1:{_port}",
            _public,
        )
        if origin
    ],
    # State in memory: nothing of it is worth more than the database, which can rebuild it.
    state_manager_mode="memory",
    show_built_with_reflex=False,
    telemetry_enabled=False,
    disable_plugins=[rx.plugins.SitemapPlugin],
)
