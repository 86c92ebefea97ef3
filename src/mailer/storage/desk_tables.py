"""Tables of the desk and of the installation itself; the others are in tables.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table

from mailer.storage.columns import UtcTime
from mailer.storage.tables import metadata

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("identity", String, nullable=False),  # random; the same stands in data/identity
    Column("counter", BigInteger, nullable=False),  # raised at each release and once a minute
    Column("counted_at", UtcTime, nullable=False),
    Column("is_sample", Boolean, nullable=False),  # made with --sample: texts that must not leave
    Column("key_check", LargeBinary),  # a sealed word (audience/keycheck.py); NULL until the first start
)

operator = Table(
    "operator",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("password_hash", String, nullable=False),  # argon2id
    Column("failures", Integer, nullable=False),  # wrong passwords in a row
    Column("locked_until", UtcTime),  # back-off: no try before this
)

desk_session = Table(
    "desk_session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),  # SHA-256 of the cookie's value
    Column("operator_id", ForeignKey("operator.id"), nullable=False),
    Column("form_token", String, nullable=False),  # stands in every form of this session
    Column("began_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
