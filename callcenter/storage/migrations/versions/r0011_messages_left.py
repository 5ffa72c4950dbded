"""Messages that were left on machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No machine was left a message before."""
    with op.batch_alter_table("attempts") as attempts:
        attempts.add_column(sa.Column("message_left_at", sa.Double()))
