"""More of how an answer came about: calls of tools, its kind of failure, its receipt; and proposed payees.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; a journal may hold calls of tools."""
    # No batch here: it would make a new table of messages, and dropping the old one takes the runs along.
    op.add_column("message", sa.Column("tool_calls", sa.Text(), nullable=False, server_default=""))
    for name in ("error_kind", "alias", "receipt"):
        op.add_column("message", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("pinned_payee", sa.Column("proposed", sa.Text(), nullable=True))
    with op.batch_alter_table("run_journal") as journal:
        journal.drop_constraint(op.f("ck_run_journal_part"), type_="check")
        journal.create_check_constraint(
            op.f("ck_run_journal_part"), "part IN ('text', 'reasoning', 'tool_calls')"
        )
