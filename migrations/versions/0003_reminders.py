"""When operators were told that an issue waits for them: once per issue, whichever process tells."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issue", sa.Column("reminded_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("issue") as issue:
        issue.drop_column("reminded_at")
