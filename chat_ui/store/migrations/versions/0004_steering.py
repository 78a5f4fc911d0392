"""Edited and deleted messages, preferences of a person and of a conversation, what a title cost.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns and the table of defaults."""
    moment = sa.DateTime(timezone=True)
    for name in ("edited_at", "deleted_at"):
        op.add_column("message", sa.Column(name, moment, nullable=True))
    op.create_index("ix_message_deleted_at", "message", ["deleted_at"])
    op.add_column("conversation", sa.Column("preferences", sa.Text(), nullable=False, server_default=""))
    op.add_column("conversation", sa.Column("title_cost", sa.Text(), nullable=True))
    op.add_column("conversation", sa.Column("title_currency", sa.Text(), nullable=True))
    op.add_column("conversation", sa.Column("title_tokens", sa.Integer(), nullable=True))
    op.create_table(
        "person_defaults",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("preferences", sa.Text(), nullable=False, server_default=""),
        sa.Column("titles_by_model", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("owner_id", name="pk_person_defaults"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name="fk_person_defaults_owner_id", ondelete="CASCADE"
        ),
    )
