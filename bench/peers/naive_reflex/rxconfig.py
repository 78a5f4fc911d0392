"""How Reflex runs the naive chat."""

import reflex as rx

config = rx.Config(app_name="naive_reflex", telemetry_enabled=False, show_built_with_reflex=False)
