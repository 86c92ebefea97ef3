"""Tables of returned mail: what came back and what followed from it; tables.py has the others."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, SmallInteger, String, Table, text

from mailer.domain.consequence import Effect
from mailer.domain.outcome import Stage
from mailer.domain.reply_class import Cause, Hardness
from mailer.domain.returned_mail import MailKind
from mailer.storage.columns import BigId, UtcTime, WordOf
from mailer.storage.tables import metadata

report = Table(
    "report",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # the same report twice changes nothing
    Column("door", String, nullable=False),  # which way it came: smtp, lmtp, imap, ses, …
    Column("seal_id", LargeBinary(12), nullable=False),  # associated data of the seal
    Column("sealed", LargeBinary, nullable=False),  # its envelope and its raw bytes
    Column("received_at", UtcTime, nullable=False),
    Column("read_at", UtcTime),  # NULL: nobody has read it yet
    Column("kind", WordOf(MailKind)),  # once read
    # Only the unread ones are ever looked for by it.
    Index(
        "report_unread",
        "id",
        sqlite_where=text("read_at IS NULL"),
        postgresql_where=text("read_at IS NULL"),
    ),
    # People's letters are few among them, and looked for whenever somebody opens the desk.
    Index(
        "report_people",
        "id",
        sqlite_where=text("kind = 'human'"),
        postgresql_where=text("kind = 'human'"),
    ),
    Index("report_by_received_at", "received_at"),
    sqlite_autoincrement=True,
)

consequence = Table(
    "consequence",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("report_id", BigId),  # NULL: the relay refused the copy at once; reports go, this stays
    Column("reader_id", BigId, nullable=False),
    Column("issue_id", Integer),  # NULL: it is about a Letter
    Column("newsletter_id", Integer, nullable=False),
    Column("kind", WordOf(MailKind), nullable=False),
    Column("cause", WordOf(Cause)),  # of a bounce or a delay
    Column("verdict", WordOf(Hardness), nullable=False),
    Column("evidence", String, nullable=False),  # the rule that decided: text:no-mailbox, status:5.1.1
    Column("status", String),  # 5.1.1, where it was named
    Column("reply_code", SmallInteger),
    Column("stage", WordOf(Stage)),
    Column("reply", String, nullable=False),  # the words it was judged by, masked
    Column("at", UtcTime, nullable=False),
    Column("effect", WordOf(Effect), nullable=False),
    Column("undone_at", UtcTime),
    Column("undone_by", String),  # the operator's name
    Index("consequence_by_reader_id", "reader_id", "at"),
    Index("consequence_by_issue_id", "issue_id", "reader_id"),
    # What waits for a person.
    Index(
        "consequence_waiting",
        "effect",
        sqlite_where=text("effect IN ('held', 'proposed')"),
        postgresql_where=text("effect IN ('held', 'proposed')"),
    ),
    sqlite_autoincrement=True,
)

guard = Table(
    "guard",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider_group", String, nullable=False),
    Column("issue_id", Integer, nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("hard_count", Integer, nullable=False),  # of so many copies, when it began
    Column("copy_count", Integer, nullable=False),
    Column("ended_at", UtcTime),  # NULL: nobody of the group is suppressed for a bounce
    Column("ended_by", String),  # the operator's name
    Index("guard_by_provider_group", "provider_group"),
    # Whoever counts at the same time in another process begins no second one.
    Index(
        "guard_open",
        "provider_group",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
