"""The processes that run the site, and what their runs are asked for.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table, and add the column."""
    op.create_table(
        "worker",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
    )
    op.add_column("run", sa.Column("stop_asked", sa.Boolean(), nullable=False, server_default=sa.false()))
