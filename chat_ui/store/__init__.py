"""What is kept: people, conversations, messages, runs, and the gateway that a person connected.

``Database.open`` opens the database; the modules named after what they keep (``conversations``, ``runs``,
``usage`` and so on) hold the queries, each taking a transaction and, of what is somebody's, the owner.
"""

from __future__ import annotations

from chat_ui.store.engine import Database
from chat_ui.store.errors import ConflictError, NotFoundError, StoreError
from chat_ui.store.ids import is_id, new_id

__all__ = ["ConflictError", "Database", "NotFoundError", "StoreError", "is_id", "new_id"]
