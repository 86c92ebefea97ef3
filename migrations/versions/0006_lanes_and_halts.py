"""What limits the speed of sending, and what stands still because a mail provider refuses us."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lane",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("filled_at", sa.BigInteger(), nullable=False),
        sa.Column("waits_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("lane_pkey")),
    )
    op.create_table(
        "lane_use",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lane"], ["lane.name"], name=op.f("lane_use_lane_fkey")),
        sa.PrimaryKeyConstraint("lane", "began_at", name=op.f("lane_use_pkey")),
    )
    op.create_table(
        "halt",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("provider_group", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("halt_issue_id_fkey")),
        sa.PrimaryKeyConstraint("issue_id", "provider_group", name=op.f("halt_pkey")),
    )


def downgrade() -> None:
    for table in ("halt", "lane_use", "lane"):
        op.drop_table(table)
