"""Every table, in the glossary's words. What a column means stands beside it.

Times are aware UTC (columns.UtcTime). Addresses are only ever stored sealed (audience/vault.py).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from mailer.domain.commentary import TextState
from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState
from mailer.domain.issue import IssueKind, IssueState
from mailer.domain.language import Language
from mailer.domain.newsletter import ReleaseRule, UnknownPolicy
from mailer.domain.outcome import Stage
from mailer.domain.subscription import Standing
from mailer.domain.trend import Trend
from mailer.storage.columns import BigId, UtcTime, WordOf

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
        "uq": "%(table_name)s_unique_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

newsletter = Table(
    "newsletter",
    metadata,
    Column("id", Integer, primary_key=True),  # never reused: part of every Letter's token
    Column("slug", String, nullable=False, unique=True),
    Column("languages", JSON, nullable=False),  # ["be", "ru", "en"], in the order of display
    Column("zone", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("wording", JSON, nullable=False),  # {"title": {"be": …}, "description": …, "reply_to": …}
    Column("missing", JSON, nullable=False),  # {"be": "ru"}: rules for cells without a ready text
    Column("schedule", JSON, nullable=False),  # {"build": "Mon 06:00", "release": …, "deadline": …}
    Column("release_rule", WordOf(ReleaseRule), nullable=False),
    Column("unknown_policy", WordOf(UnknownPolicy), nullable=False),
    Column("theme", JSON, nullable=False, server_default="{}"),  # {"accent": "#1b5566", "logo": …}
    sqlite_autoincrement=True,
)

topic = Table(
    "topic",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("newsletter_id", ForeignKey("newsletter.id"), nullable=False),
    Column("slug", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", JSON, nullable=False),  # by language
    Column("active_from", Date),
    Column("active_until", Date),
    Column("required", Boolean, nullable=False),
    UniqueConstraint("newsletter_id", "slug"),
)

commentary = Table(
    "commentary",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("topic_id", ForeignKey("topic.id"), nullable=False),
    Column("period", String, nullable=False),  # domain.period.Period.key
    Column("trend", WordOf(Trend)),
    Column("missing", JSON, nullable=False),
    Column("public_from", UtcTime),
    UniqueConstraint("topic_id", "period"),
)

commentary_text = Table(
    "commentary_text",
    metadata,
    Column("commentary_id", ForeignKey("commentary.id"), primary_key=True),
    Column("language", WordOf(Language), primary_key=True),
    Column("state", WordOf(TextState), nullable=False),
    Column("headline", String, nullable=False),
    Column("lead", String, nullable=False),
    Column("body", String, nullable=False),  # Markdown
    Column("author", String, nullable=False),
    Column("source", String, nullable=False),  # the file it came from, to be named in messages
)

issue = Table(
    "issue",
    metadata,
    Column("id", Integer, primary_key=True),  # never reused: part of every copy's token
    Column("newsletter_id", ForeignKey("newsletter.id"), nullable=False),
    Column("kind", WordOf(IssueKind), nullable=False),
    Column("period", String),
    Column("state", WordOf(IssueState), nullable=False),
    Column("words", JSON, nullable=False),  # {"be": {"subject": …, "preheader": …, "opening_note": …, …}}
    Column("created_at", UtcTime, nullable=False),
    Column("released_at", UtcTime),
    Column("deadline_at", UtcTime),
    Column("releasing_node", String),  # who writes the slices: a dead one's are removed
    Column("reminded_at", UtcTime),  # when operators were told that it waits for them
    # One regular issue per newsletter and period, whoever builds it and how often.
    Index(
        "issue_unique_regular",
        "newsletter_id",
        "period",
        unique=True,
        sqlite_where=text("kind = 'regular'"),
        postgresql_where=text("kind = 'regular'"),
    ),
    sqlite_autoincrement=True,
)

edition = Table(
    "edition",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("plan", String, nullable=False),  # domain.plan.Plan.key; of discreet readers after “discreet ”
    Column("language", WordOf(Language), nullable=False),
    Column("subject", String, nullable=False),
    Column("html", String, nullable=False),  # holes still open
    Column("text", String, nullable=False),
    Column("skeleton", LargeBinary, nullable=False),  # rendering/skeleton.py
    Column("digest", LargeBinary, nullable=False),  # SHA-256 of the skeleton
    UniqueConstraint("issue_id", "plan"),
)

reader = Table(
    "reader",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("public_id", LargeBinary(12), nullable=False, unique=True),
    Column("sealed_address", LargeBinary),  # removed with the last subscription
    Column("address_index", LargeBinary(32), nullable=False, unique=True),
    Column("provider_group", String, nullable=False),
    Column("language", WordOf(Language), nullable=False),
    Column("missing_choice", String),  # "leave-out", a language, or NULL: did not choose
    Column("paused_until", UtcTime),  # no issue before; NULL: no break
    Column("is_discreet", Boolean, nullable=False, server_default=false()),  # neutral subject, text only
    sqlite_autoincrement=True,
)

subscription = Table(
    "subscription",
    metadata,
    Column("reader_id", ForeignKey("reader.id"), primary_key=True),
    Column("newsletter_id", ForeignKey("newsletter.id"), primary_key=True),
    Column("standing", WordOf(Standing), nullable=False),
    Column("changed_month", String(7), nullable=False),  # 2026-11: no finer on purpose
    Column("confirm_hash", LargeBinary(32)),  # SHA-256 of the confirm link's secret
    Column("confirm_until", UtcTime),
    Column("forget_at", UtcTime),  # when the row itself goes
    # The consent record: which words, in which language, by which way, to the hour.
    Column("consent_version", String),
    Column("consent_language", WordOf(Language)),
    Column("consent_channel", String),
    Column("consent_at", UtcTime),
    Index("subscription_by_newsletter_standing", "newsletter_id", "standing", "reader_id"),
    Index("subscription_by_confirm_hash", "confirm_hash", unique=True),
)

signup_request = Table(
    "signup_request",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("public_id", LargeBinary(12), nullable=False),  # associated data of the seal
    Column("sealed", LargeBinary, nullable=False),  # what the visitor typed and chose
    Column("received_at", UtcTime, nullable=False),
    Column("due_at", UtcTime),  # not decided before: a flood becomes delay; NULL: at once
)

letter_count = Table(
    "letter_count",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("address_index", LargeBinary(32), nullable=False),
    Column("kind", WordOf(LetterKind), nullable=False),
    Column("sent_at", UtcTime, nullable=False),
    Column("domain_index", LargeBinary(32)),  # keyed hash of the address's domain
    Index("letter_count_by_address_index", "address_index"),
    Index("letter_count_by_domain_index_sent_at", "domain_index", "sent_at"),
    Index("letter_count_by_sent_at", "sent_at"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("address_index", LargeBinary(32), primary_key=True),
    Column("reason", WordOf(Standing), nullable=False),
    Column("since_month", String(7), nullable=False),
)

letter = Table(
    "letter",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("public_id", LargeBinary(12), nullable=False),  # the reader's, for the return path
    Column("seal_id", LargeBinary(12), nullable=False),  # associated data of the seal
    Column("kind", WordOf(LetterKind), nullable=False),
    Column("language", WordOf(Language), nullable=False),
    Column("newsletter_id", ForeignKey("newsletter.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # recipient and parameters
    Column("state", WordOf(DeliveryState), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("not_after", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("owner", String),  # the node that has it in flight
    Column("stage", WordOf(Stage)),
    Column("reply", String),
    Index("letter_by_next_at", "next_at"),
    Index("letter_by_public_id", "public_id"),
    sqlite_autoincrement=True,
)

chunk = Table(
    "chunk",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("edition_id", ForeignKey("edition.id"), nullable=False),
    Column("provider_group", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", String),  # node id; NULL is free
    Column("next_at", UtcTime),  # earliest due row; NULL: none is pending or awaits a resend
    # Counters, updated in the ledger's own commit: progress never counts rows.
    Column("size", Integer, nullable=False),
    Column("queued", Integer, nullable=False),
    Column("inflight", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("deferred", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("deferred_attempts", Integer, nullable=False),
    Column("unsubscribed", Integer, nullable=False),
    Index("chunk_by_next_at", "next_at"),
    Index("chunk_by_issue_id", "issue_id"),
    sqlite_autoincrement=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column("issue_id", Integer, primary_key=True),
    Column("reader_id", BigId, primary_key=True),
    Column("chunk_id", BigId, nullable=False),
    Column("state", WordOf(DeliveryState), nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("next_at", UtcTime),  # when a deferred or unknown copy is due again
    Column("settled_at", UtcTime),
    Column("reason", String),  # domain.delivery.SkipReason or domain.outcome.Blame
    Column("reply", String),  # masked; of an accepted copy: the proof
    Column("unsubscribed", Boolean, nullable=False, server_default=false()),  # left by this copy's link
    Index("delivery_by_chunk_id", "chunk_id"),
    Index("delivery_by_reader_id", "reader_id"),
    sqlite_with_rowid=False,
)

attempt = Table(
    "attempt",
    metadata,
    Column("issue_id", Integer, primary_key=True),
    Column("reader_id", BigId, primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("outcome", WordOf(DeliveryState), nullable=False),  # deferred, failed or unknown
    Column("stage", WordOf(Stage), nullable=False),
    Column("reply", String, nullable=False),  # masked
    Column("at", UtcTime, nullable=False),
    Index("attempt_by_issue_id_at", "issue_id", "at"),  # the newest ones, for the desk
    sqlite_with_rowid=False,
)

node = Table(
    "node",
    metadata,
    Column("id", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("heartbeat_at", UtcTime, nullable=False),
)
