"""Icons and menu items."""

from __future__ import annotations

from typing import Any

import reflex as rx

__all__ = ["icon", "item"]


def icon(name: str) -> rx.Component:
    """A Lucide icon in the page's one size and stroke width."""
    return rx.icon(name, size=16, stroke_width=1.75, custom_attrs={"aria-hidden": "true"})


def item(*children: Any, **props: Any) -> rx.Component:
    """An item of a menu."""
    role = props.pop("role", "menuitem")
    return rx.el.button(*children, type="button", role=role, tab_index=-1, **props)
