"""An audit log of which no line is replaced, on SQLite.

``INSERT OR REPLACE`` deletes what is in its way, and SQLite asks no trigger whether it may, unless the
connection has ``recursive_triggers`` on.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the trigger; PostgreSQL has nothing that replaces a row by adding one, but by an update."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
            "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id OR rowid = NEW.rowid) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
        )
