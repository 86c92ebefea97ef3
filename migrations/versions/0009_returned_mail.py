"""What came back, what followed from it for a reader, and what guards a provider's readers."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("seal_id", sa.LargeBinary(length=12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("report_pkey")),
        sa.UniqueConstraint("digest", name=op.f("report_unique_digest")),
        sqlite_autoincrement=True,
    )
    unread = sa.text("read_at IS NULL")
    op.create_index("report_unread", "report", ["id"], sqlite_where=unread, postgresql_where=unread)
    people = sa.text("kind = 'human'")
    op.create_index("report_people", "report", ["id"], sqlite_where=people, postgresql_where=people)
    op.create_index(op.f("report_by_received_at"), "report", ["received_at"])
    op.create_table(
        "consequence",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("report_id", _BIG_ID, nullable=True),
        sa.Column("reader_id", _BIG_ID, nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=True),
        sa.Column("newsletter_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("reply_code", sa.SmallInteger(), nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("consequence_pkey")),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("effect IN ('held', 'proposed')")
    op.create_index(op.f("consequence_by_reader_id"), "consequence", ["reader_id", "at"])
    op.create_index(op.f("consequence_by_issue_id"), "consequence", ["issue_id", "reader_id"])
    op.create_index(
        "consequence_waiting", "consequence", ["effect"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "guard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_group", sa.String(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("hard_count", sa.Integer(), nullable=False),
        sa.Column("copy_count", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("guard_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("guard_by_provider_group"), "guard", ["provider_group"])
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "guard_open",
        "guard",
        ["provider_group"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    # Who is erased or moves takes what waits for them along: else all Letters have to be looked through.
    op.create_index(op.f("letter_by_public_id"), "letter", ["public_id"])


def downgrade() -> None:
    op.drop_index(op.f("letter_by_public_id"), "letter")
    for table in ("guard", "consequence", "report"):
        op.drop_table(table)
