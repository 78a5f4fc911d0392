"""Payments to gateways, and whom they went to.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the ledger's tables."""
    _payment()
    _pinned_payee()


def _payment() -> None:
    op.create_table(
        "payment",
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("atomic", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("transaction", sa.Text(), nullable=True),
        sa.Column("valid_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name="pk_payment"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name="fk_payment_owner_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "state IN ('reserved', 'sent', 'settled', 'released', 'unknown')", name=op.f("ck_payment_state")
        ),
    )
    op.create_index("ix_payment_owner_id_created_at", "payment", ["owner_id", "created_at"])
    op.create_index("ix_payment_owner_id_conversation_id", "payment", ["owner_id", "conversation_id"])
    op.create_index("ix_payment_message_id", "payment", ["message_id"])


def _pinned_payee() -> None:
    op.create_table(
        "pinned_payee",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "host", "network", "asset", name="pk_pinned_payee"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name="fk_pinned_payee_owner_id", ondelete="CASCADE"
        ),
    )
