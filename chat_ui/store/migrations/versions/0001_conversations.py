"""People, conversations, messages and runs.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    _user()
    _conversation()
    _message()
    _run()
    _run_journal()


def _parent(column: str, parent: str, name: str, ondelete: str | None = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [parent], name=name, ondelete=ondelete)


def _user() -> None:
    op.create_table(
        "user",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("name", name="uq_user_name"),
    )


def _conversation() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("leaf_id", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
        _parent("owner_id", "user.id", "fk_conversation_owner_id"),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_conversation_revision")),
    )
    op.create_index(
        "ix_conversation_owner_id_deleted_at_updated_at_id",
        "conversation",
        ["owner_id", "deleted_at", "updated_at", "id"],
    )


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("cached_tokens", sa.Integer(), nullable=True),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=True),
        sa.Column("cost", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("served_model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("route_reason", sa.Text(), nullable=True),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        _parent("owner_id", "user.id", "fk_message_owner_id"),
        _parent("conversation_id", "conversation.id", "fk_message_conversation_id"),
        _parent("parent_id", "message.id", "fk_message_parent_id", ondelete=None),
        sa.UniqueConstraint("owner_id", "client_id", name="uq_message_owner_id_client_id"),
        sa.CheckConstraint("role IN ('user', 'assistant', 'tool', 'system')", name=op.f("ck_message_role")),
        sa.CheckConstraint(
            "status IN ('streaming', 'complete', 'stopped', 'interrupted', 'failed')",
            name=op.f("ck_message_status"),
        ),
    )
    op.create_index(
        "ix_message_conversation_id_created_at_id", "message", ["conversation_id", "created_at", "id"]
    )
    op.create_index("ix_message_parent_id", "message", ["parent_id"])


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        _parent("owner_id", "user.id", "fk_run_owner_id"),
        _parent("conversation_id", "conversation.id", "fk_run_conversation_id"),
        _parent("message_id", "message.id", "fk_run_message_id"),
        sa.UniqueConstraint("message_id", name="uq_run_message_id"),
        sa.CheckConstraint(
            "status IN ('running', 'complete', 'stopped', 'interrupted', 'failed')",
            name=op.f("ck_run_status"),
        ),
    )
    op.create_index("ix_run_conversation_id_status", "run", ["conversation_id", "status"])
    op.create_index("ix_run_owner_id", "run", ["owner_id"])
    op.create_index("ix_run_status", "run", ["status"])


def _run_journal() -> None:
    op.create_table(
        "run_journal",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_run_journal"),
        _parent("run_id", "run.id", "fk_run_journal_run_id"),
        _parent("owner_id", "user.id", "fk_run_journal_owner_id"),
        sa.CheckConstraint("part IN ('text', 'reasoning')", name=op.f("ck_run_journal_part")),
    )
