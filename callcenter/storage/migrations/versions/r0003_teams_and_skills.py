"""Teams and skills of agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Accounts that are there are in no team and have no skills."""
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("team", TEXT, nullable=False, server_default=""))
        accounts.add_column(sa.Column("skills", sa.JSON(), nullable=False, server_default="{}"))
