"""How Reflex runs the site."""

import os

import reflex as rx
from reflex.constants import PackageJson

# The development server of the page listens on every interface unless it is told where to.
PackageJson.Commands.DEV = "react-router dev --host 127.0.0.1"

_port = os.environ.get("REFLEX_FRONTEND_PORT", "3000")

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
            os.environ.get("CHAT_UI_PUBLIC_URL", "").strip().rstrip("/"),
        )
        if origin
    ],
    # State in memory: nothing of it is worth more than the database, which can rebuild it.
    state_manager_mode="memory",
    show_built_with_reflex=False,
    telemetry_enabled=False,
    disable_plugins=[rx.plugins.SitemapPlugin],
)
