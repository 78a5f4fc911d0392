"""For how long a model thought before it answered.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("message", sa.Column("thought_ms", sa.Integer(), nullable=True))
