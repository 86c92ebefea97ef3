"""How a newsletter's mails look: colours, logo, trend colours; what it does not name is ours."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A default, so that a process of the version before, which knows no themes, can still store one.
    op.add_column("newsletter", sa.Column("theme", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("newsletter") as newsletter:
        newsletter.drop_column("theme")
