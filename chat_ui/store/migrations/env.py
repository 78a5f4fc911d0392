"""What alembic runs to migrate: on the connection that the caller has opened, in its transaction."""

from __future__ import annotations

from alembic import context

from chat_ui.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by making a new one.
    render_as_batch=True,
)
context.run_migrations()
