"""The first tables: everything from commentaries to the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issue_id", "reader_id", "number", name=op.f("attempt_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery",
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chunk_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("unsubscribed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("issue_id", "reader_id", name=op.f("delivery_pkey")),
        sqlite_with_rowid=False,
    )
    op.create_index("delivery_by_chunk_id", "delivery", ["chunk_id"], unique=False)
    op.create_index("delivery_by_reader_id", "delivery", ["reader_id"], unique=False)

    op.create_table(
        "letter_count",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("letter_count_pkey")),
    )
    op.create_index("letter_count_by_address_index", "letter_count", ["address_index"], unique=False)

    op.create_table(
        "newsletter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("wording", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("schedule", sa.JSON(), nullable=False),
        sa.Column("release_rule", sa.String(), nullable=False),
        sa.Column("unknown_policy", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("newsletter_pkey")),
        sa.UniqueConstraint("slug", name=op.f("newsletter_unique_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "node",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("node_pkey")),
    )
    op.create_table(
        "reader",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=12), nullable=False),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=True),
        sa.Column("address_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("provider_group", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("missing_choice", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("reader_pkey")),
        sa.UniqueConstraint("address_index", name=op.f("reader_unique_address_index")),
        sa.UniqueConstraint("public_id", name=op.f("reader_unique_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "signup_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("signup_request_pkey")),
    )
    op.create_table(
        "suppression",
        sa.Column("address_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since_month", sa.String(length=7), nullable=False),
        sa.PrimaryKeyConstraint("address_index", name=op.f("suppression_pkey")),
    )
    op.create_table(
        "issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("newsletter_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("deadline_at", sa.BigInteger(), nullable=True),
        sa.Column("releasing_node", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["newsletter_id"], ["newsletter.id"], name=op.f("issue_newsletter_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("issue_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "issue_unique_regular",
        "issue",
        ["newsletter_id", "period"],
        unique=True,
        sqlite_where=sa.text("kind = 'regular'"),
        postgresql_where=sa.text("kind = 'regular'"),
    )

    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.LargeBinary(length=12), nullable=False),
        sa.Column("seal_id", sa.LargeBinary(length=12), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("newsletter_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("reply", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["newsletter_id"], ["newsletter.id"], name=op.f("letter_newsletter_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("letter_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index("letter_by_next_at", "letter", ["next_at"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("reader_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("newsletter_id", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("changed_month", sa.String(length=7), nullable=False),
        sa.Column("confirm_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("confirm_until", sa.BigInteger(), nullable=True),
        sa.Column("forget_at", sa.BigInteger(), nullable=True),
        sa.Column("consent_version", sa.String(), nullable=True),
        sa.Column("consent_language", sa.String(), nullable=True),
        sa.Column("consent_channel", sa.String(), nullable=True),
        sa.Column("consent_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["newsletter.id"], name=op.f("subscription_newsletter_id_fkey")
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name=op.f("subscription_reader_id_fkey")),
        sa.PrimaryKeyConstraint("reader_id", "newsletter_id", name=op.f("subscription_pkey")),
    )
    op.create_index("subscription_by_confirm_hash", "subscription", ["confirm_hash"], unique=True)
    op.create_index(
        "subscription_by_newsletter_standing",
        "subscription",
        ["newsletter_id", "standing", "reader_id"],
        unique=False,
    )

    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("newsletter_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=True),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["newsletter_id"], ["newsletter.id"], name=op.f("topic_newsletter_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("topic_pkey")),
        sa.UniqueConstraint("newsletter_id", "slug", name=op.f("topic_unique_newsletter_id_slug")),
    )
    op.create_table(
        "commentary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("trend", sa.String(), nullable=True),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("public_from", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("commentary_topic_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("commentary_pkey")),
        sa.UniqueConstraint("topic_id", "period", name=op.f("commentary_unique_topic_id_period")),
    )
    op.create_table(
        "edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("skeleton", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("edition_issue_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("edition_pkey")),
        sa.UniqueConstraint("issue_id", "plan", name=op.f("edition_unique_issue_id_plan")),
    )
    op.create_table(
        "chunk",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("provider_group", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("inflight", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("deferred", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("deferred_attempts", sa.Integer(), nullable=False),
        sa.Column("unsubscribed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("chunk_edition_id_fkey")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("chunk_issue_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("chunk_pkey")),
        sqlite_autoincrement=True,
    )
    op.create_index("chunk_by_issue_id", "chunk", ["issue_id"], unique=False)
    op.create_index("chunk_by_next_at", "chunk", ["next_at"], unique=False)

    op.create_table(
        "commentary_text",
        sa.Column("commentary_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("headline", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commentary_id"], ["commentary.id"], name=op.f("commentary_text_commentary_id_fkey")
        ),
        sa.PrimaryKeyConstraint("commentary_id", "language", name=op.f("commentary_text_pkey")),
    )


def downgrade() -> None:
    op.drop_table("commentary_text")
    op.drop_index("chunk_by_next_at", "chunk")
    op.drop_index("chunk_by_issue_id", "chunk")

    op.drop_table("chunk")
    op.drop_table("edition")
    op.drop_table("commentary")
    op.drop_table("topic")
    op.drop_index("subscription_by_newsletter_standing", "subscription")
    op.drop_index("subscription_by_confirm_hash", "subscription")

    op.drop_table("subscription")
    op.drop_index("letter_by_next_at", "letter")

    op.drop_table("letter")
    op.drop_index("issue_unique_regular", "issue")

    op.drop_table("issue")
    op.drop_table("suppression")
    op.drop_table("signup_request")
    op.drop_table("reader")
    op.drop_table("node")
    op.drop_table("newsletter")
    op.drop_index("letter_count_by_address_index", "letter_count")

    op.drop_table("letter_count")
    op.drop_index("delivery_by_reader_id", "delivery")
    op.drop_index("delivery_by_chunk_id", "delivery")

    op.drop_table("delivery")
    op.drop_table("attempt")
