"""What readers can choose for themselves, links to their settings, and what holds floods back."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reader", sa.Column("paused_until", sa.BigInteger(), nullable=True))
    op.add_column("reader", sa.Column("is_discreet", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("signup_request", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column("letter_count", sa.Column("domain_index", sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f("letter_count_by_domain_index_sent_at"), "letter_count", ["domain_index", "sent_at"])
    op.create_index(op.f("letter_count_by_sent_at"), "letter_count", ["sent_at"])
    op.create_table(
        "reader_link",
        sa.Column("link_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reader_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("seal_id", sa.LargeBinary(length=12), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["reader.id"], name=op.f("reader_link_reader_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("link_hash", name=op.f("reader_link_pkey")),
    )
    op.create_index(op.f("reader_link_by_reader_id"), "reader_link", ["reader_id"])
    op.create_table(
        "spent_proof",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("spent_proof_pkey")),
    )
    op.create_table(
        "import_run",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("import_run_pkey")),
    )


def downgrade() -> None:
    for table in ("import_run", "spent_proof", "reader_link"):
        op.drop_table(table)
    with op.batch_alter_table("letter_count") as letter_count:
        letter_count.drop_index("letter_count_by_sent_at")
        letter_count.drop_index("letter_count_by_domain_index_sent_at")
        letter_count.drop_column("domain_index")
    with op.batch_alter_table("signup_request") as signup_request:
        signup_request.drop_column("due_at")
    with op.batch_alter_table("reader") as reader:
        reader.drop_column("is_discreet")
        reader.drop_column("paused_until")
