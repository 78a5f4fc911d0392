"""Amounts of money, in words."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["in_dollars"]


def in_dollars(amount: Decimal) -> str:
    """An amount as people write it: at least two digits after the point, and as many as it takes."""
    whole, _, cents = f"{amount:f}".partition(".")
    return f"${whole}.{cents.rstrip('0').ljust(2, '0')}"
