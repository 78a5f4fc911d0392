"""What alembic runs to migrate: on the connection that the caller has opened, in its transaction."""

from __future__ import annotations

from alembic import context

from chat_ui.store import account_tables, tables
from chat_ui.store.schema import metadata

assert account_tables.metadata is tables.metadata is metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by making a new one.
    render_as_batch=True,
)
context.run_migrations()
