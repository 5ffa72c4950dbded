"""Several numbers of a contact, do-not-call list, consent and accounts; what was learnt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Contacts that are there have one number, no consent that is known, and their list's priority
    where they have the same."""
    op.drop_index(op.f("ix_contacts_order"), "contacts")
    op.drop_index(op.f("ix_contacts_counts"), "contacts")
    with op.batch_alter_table("contacts") as contacts:
        contacts.add_column(_text("kind", "other"))
        contacts.add_column(_text("zone", ""))
        contacts.add_column(_number("consent", "-1"))
        contacts.add_column(_text("account", ""))
        contacts.add_column(_number("numbers", "1"))
        contacts.add_column(_number("worth", "0"))
        contacts.add_column(_text("held", ""))
    op.execute(
        "UPDATE contacts SET priority = -1 WHERE priority ="
        " (SELECT priority FROM contact_lists WHERE contact_lists.id = contacts.list)"
    )
    _index_contacts()
    with op.batch_alter_table("attempts") as attempts:
        attempts.add_column(
            sa.Column("other_number", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.create_index(op.f("ix_attempts_number_placed_at"), "attempts", ["number", "placed_at"])
    _create_contact_numbers()
    _create_dnc()
    op.create_table(
        "contact_chances",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_contact_chances")),
    )


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False, server_default=default)


def _number(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def _index_contacts() -> None:
    # In SQLite what is NULL comes first anyway, and saying so is an error.
    nulls = " NULLS FIRST" if op.get_bind().dialect.name == "postgresql" else ""
    op.create_index(
        op.f("ix_contacts_order"),
        "contacts",
        [
            *("campaign", "status", "list", "priority", "zones", "kind", "consent"),
            sa.text("worth DESC"),
            "made",
            sa.text(f"next_try_at{nulls}"),
            "id",
        ],
    )
    op.create_index(op.f("ix_contacts_number"), "contacts", ["number"])
    for name, columns in (
        ("customer", ["customer"]),
        ("account", ["account"]),
        ("held", ["campaign", "held", "next_try_at"]),
    ):
        filled = sa.text(f"{name} != ''")
        op.create_index(
            op.f(f"ix_contacts_{name}"),
            "contacts",
            columns,
            sqlite_where=filled,
            postgresql_where=filled,
        )


def _create_contact_numbers() -> None:
    op.create_table(
        "contact_numbers",
        sa.Column("contact", COUNTED, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        _text("number"),
        _text("zones"),
        _text("kind"),
        _number("made"),
        _text("last_result"),
        _moment("last_tried_at", nullable=True),
        sa.Column("invalid", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact"],
            ["contacts.id"],
            name=op.f("fk_contact_numbers_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("contact", "place", name=op.f("pk_contact_numbers")),
    )
    op.create_index(op.f("ix_contact_numbers_number"), "contact_numbers", ["number"])


def _create_dnc() -> None:
    op.create_table(
        "dnc",
        *(_text(name) for name in ("number", "reason", "source", "by")),
        _moment("since"),
        _moment("until", nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_dnc")),
    )
    ends = sa.text("until IS NOT NULL")
    op.create_index(
        op.f("ix_dnc_until"), "dnc", ["until"], sqlite_where=ends, postgresql_where=ends
    )
    op.create_table(
        "dnc_imports",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        _text("source"),
        _moment("at"),
        _number("rows"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dnc_imports")),
    )
    op.create_table(
        "dnc_changes",
        _text("journal"),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_index", sa.Integer(), autoincrement=False, nullable=False),
        _text("number"),
        sa.Column("added", sa.Boolean(), nullable=False),
        _text("reason"),
        _text("source"),
        _moment("until"),
        _text("by"),
        _moment("at"),
        sa.PrimaryKeyConstraint("journal", "position", "record_index", name=op.f("pk_dnc_changes")),
    )
    op.create_index(op.f("ix_dnc_changes_at"), "dnc_changes", ["at"])
