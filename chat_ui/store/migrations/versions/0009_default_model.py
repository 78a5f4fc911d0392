"""Which model a person's new conversations begin with.

Frozen once released: it names columns and types as they were then, and imports nothing of the site.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("person_defaults", sa.Column("gateway", sa.Text(), nullable=True))
    op.add_column("person_defaults", sa.Column("model", sa.Text(), nullable=True))
