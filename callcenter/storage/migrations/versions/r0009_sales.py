"""Sales: what a disposition says was bought, and for how much."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What agents said before was no sale of a known amount."""
    with op.batch_alter_table("dispositions") as dispositions:
        dispositions.add_column(
            sa.Column("sale", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        dispositions.add_column(
            sa.Column("amount_cents", sa.Integer(), nullable=False, server_default="0")
        )
