"""A plain table with an address in each row; what its columns don't say, --list and --status must.

email;list;status;language;date

Newsrooms keep such tables by hand, so the names may be Belarusian or Russian too, and what we don't
read is said aloud.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from mailer.audience.moving.entry import Entry, Row, Source, column_name, lower
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim
from mailer.domain.language import Language

_ADDRESS = (
    *("email", "e mail", "email address", "e mail address", "address", "mail"),
    *("эл. почта", "эл.почта", "электронная почта", "адрес электронной почты", "почта", "имейл", "адрес"),
    *("эл. пошта", "эл.пошта", "электронная пошта", "адрас электроннай пошты", "пошта", "імэйл", "адрас"),
)
_LIST = ("list", "list name", "список", "спіс")
_STATUS = ("status", "статус")
_DATE = ("confirmed at", "date", "since", "subscribed at", "дата")
_LANGUAGE = ("language", "lang", "язык", "мова")
_READ = (_ADDRESS, _LIST, _STATUS, _DATE, _LANGUAGE)
_NAMES_OF_LANGUAGES = {
    **dict.fromkeys(("belarusian", "белорусский", "беларуская"), Language.BELARUSIAN),
    **dict.fromkeys(("russian", "русский", "руская", "расейская"), Language.RUSSIAN),
    **dict.fromkeys(("english", "английский", "англійская", "ангельская"), Language.ENGLISH),
}
_OF_STATUS = {
    "confirmed": Claim.CONFIRMED,
    "unconfirmed": Claim.UNCONFIRMED,
    "pending": Claim.UNCONFIRMED,
    "left": Claim.LEFT,
    "unsubscribed": Claim.LEFT,
    "blocked": Claim.BLOCKED,
    "blocklisted": Claim.BLOCKED,
    "blacklisted": Claim.BLOCKED,
    "disabled": Claim.BLOCKED,
    "bounced": Claim.BOUNCED,
    "cleaned": Claim.BOUNCED,
    "complained": Claim.COMPLAINED,
}
_WENT = re.compile(
    r"(un ?sub|opt(ed)? ?out|bounc|complain|block|black|suppress|disabled|deleted|removed|left\b"
    r"|отпис|адпіс|заблок|удал[её]н|выдален)[^@]*"
)
"""How a column begins that we don't read and that says who is gone."""
_CAME = frozenset(
    {"subscribed", "active", "enabled", "confirmed", "verified", "opt in", "opted in", "double opt in"}
)
_NO = frozenset({"0", "false", "no", "n", "f", "нет", "не"})
_SAYS_NOTHING = frozenset({"", "enabled", "active", "subscribed"})
"""Words for somebody who is mailed there, whether or not they ever confirmed."""


def read(row: Row, terms: Terms) -> Iterator[Entry]:
    """Return what a row says.

    Raises:
        InputError: the row names no list or status where --list or --status is missing too, or says
            something that we don't know.
    """
    _check_columns(row)
    said = row.cell(*_LIST) or terms.list_name
    if not said:
        raise row.problem("list", "is missing: add --list NAME for all rows")
    claim = _claim(row, terms)
    at = row.moment(*_DATE) or (terms.since if claim is Claim.CONFIRMED else None)
    if claim is Claim.CONFIRMED and (at is None or not terms.source):
        raise row.problem(
            "status",
            "says confirmed, which nothing in the file proves: add --source TEXT (how they confirmed) "
            "and --since DATE (or a column “confirmed_at”), or --status unconfirmed",
        )
    yield Entry(row.line, row.cell(*_ADDRESS), said, claim, at, _language(row))


def has_address(columns: frozenset[str]) -> bool:
    """Tell whether a header has a column of addresses."""
    return bool(columns.intersection(_ADDRESS))


def unread(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that nothing is read from, as they are written, in their order.

    One that holds an address where a name belongs is called by its number.
    """
    names = [column_name(heading) for heading in headings]
    read_from = {next((name for name in group if name in names), "") for group in _READ}
    return tuple(
        heading if "@" not in heading else f"number {number}"
        for number, (heading, name) in enumerate(zip(headings, names, strict=True), 1)
        if name and name not in read_from and _gone_if_no(name) is None
    )


def _check_columns(row: Row) -> None:
    """Refuse a row that says in a column of its own that somebody left: --status must not speak over it."""
    for column, cell in row.cells.items():
        gone_if_no = _gone_if_no(column)
        if cell and gone_if_no is not None and (cell.lower() in _NO) is gone_if_no:
            raise row.problem(
                column,
                "seems to say who left, and is not read: write “left” in a column “status” of those lines, "
                "or take this column out",
            )


@lru_cache(maxsize=1_000)
def _gone_if_no(column: str) -> bool | None:
    """Tell which answer in a column means that somebody is gone: no, or any other; None where none does."""
    name = column.removeprefix("is ")
    if name in _CAME:
        return True
    return False if _WENT.fullmatch(name) else None


def _claim(row: Row, terms: Terms) -> Claim:
    word = row.cell(*_STATUS).lower()
    claim = _OF_STATUS.get(word)
    if claim is not None:
        return lower(claim, terms.status)
    if word not in _SAYS_NOTHING:
        raise row.problem("status", f"is none of {', '.join(_OF_STATUS)}")
    if terms.status is None:
        raise row.problem("status", "does not say whether they confirmed: add --status for all rows")
    return terms.status


def _language(row: Row) -> Language | None:
    written = row.cell(*_LANGUAGE).lower()
    if not written:
        return None
    found = next((language for language in Language if language == written), _NAMES_OF_LANGUAGES.get(written))
    if found is None:
        raise row.problem("language", f"is none of {', '.join(Language)}; write one, or leave it empty")
    return found


SOURCE = Source("csv", frozenset(), read)
