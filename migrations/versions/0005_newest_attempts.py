"""An index by which the desk finds an issue's newest tries without reading all of them each second."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("attempt_by_issue_id_at"), "attempt", ["issue_id", "at"])


def downgrade() -> None:
    op.drop_index(op.f("attempt_by_issue_id_at"), "attempt")
