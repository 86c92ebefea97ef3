"""listmonk: a plain dump of its database, or the pages of its API. Its CSV names no list and proves nothing.

    COPY public.lists (id, uuid, name, type, optin, …) FROM stdin;
    COPY public.subscriber_lists (subscriber_id, list_id, meta, status, created_at, updated_at) FROM stdin;
    COPY public.subscribers (id, uuid, email, name, attribs, status, …) FROM stdin;

A subscription is proven when it is ``confirmed`` on a list of double opt-in: only the mailed link, or an
administrator, sets that. Subscribers who are blocklisted or disabled, and those with a hard bounce or a
complaint, are not to be mailed on any list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from mailer.audience.moving.entry import Entry, lower, parse_moment
from mailer.audience.moving.part import Part
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Claim
from mailer.errors import InputError
from mailer.storage.memberships import Membership, Memberships

_COPY = re.compile(
    r'COPY (?:"?\w+"?\.)?"?(lists|subscriber_lists|subscribers|bounces)"? \(([^)]*)\) FROM stdin;'
)
_INSERT = re.compile(r'INSERT INTO (?:"?\w+"?\.)?"?(lists|subscriber_lists|subscribers)"? ')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_BEFORE_SUBSCRIBERS = frozenset({"lists", "subscriber_lists", "bounces"})
_BOUNCES = {"hard": Claim.BOUNCED, "complaint": Claim.COMPLAINED}
_NOT_MAILED = {"blocklisted": Claim.BLOCKED, "blacklisted": Claim.BLOCKED, "disabled": Claim.BLOCKED}


@dataclass(frozen=True, slots=True)
class _List:
    name: str
    is_double: bool


@dataclass(frozen=True, slots=True)
class _Copied:
    """One row of a dump: its line, table, and values as written, with the place of each column."""

    line: int
    table: str
    columns: Mapping[str, int]
    values: Sequence[str]

    def value(self, column: str) -> str:
        """Return a value; empty where it is NULL or there is no such column."""
        place = self.columns.get(column)
        written = self.values[place] if place is not None else "\\N"
        if "\\" not in written:
            return written
        if written == "\\N":
            return ""
        return _ESCAPED.sub(lambda found: _LETTERS.get(found[1], found[1]), written)


def read_dump(part: Part, terms: Terms) -> Iterator[Entry]:
    """
    Yield what a dump says of every subscriber, once for each list.

    Raises:
        InputError: it is no plain dump of listmonk's, or it is cut off.
    """
    with closing(Memberships()) as memberships:
        lists = _set_aside(part, memberships)
        if not lists:
            raise InputError.at(
                part.place, None, "there is no list of listmonk’s in it; make it by pg_dump --format=plain"
            )
        for row in _copied(part, frozenset({"subscribers"})):
            yield from _of_subscriber(part, row, lists, memberships.of(row.value("id")), terms)


def read_object(place: str, number: int, found: Mapping[str, Any], terms: Terms) -> Iterator[Entry]:
    """
    Yield what an object of the API says, once for each list.

    Raises:
        InputError: a date is none.
    """
    address = str(found.get("email") or "")
    overall = _NOT_MAILED.get(str(found.get("status")))
    for each in found.get("lists") or ():
        if not isinstance(each, dict):
            raise InputError.at(place, number, "“lists” holds something else than lists; export it again")
        name = str(each.get("name") or "")
        status = str(each.get("subscription_status") or "")
        claim = lower(_claim(status, is_double=each.get("optin") == "double"), overall)
        key = "subscription_created_at" if claim is Claim.CONFIRMED else "subscription_updated_at"
        at = str(each.get(key) or "")
        yield Entry(number, address, name, lower(claim, terms.status), _moment(place, number, at))
    if overall is not None and not found.get("lists"):
        yield Entry(number, address, "", overall)


def is_subscriber(found: Mapping[str, Any]) -> bool:
    """Tell an object of the API from one of another service."""
    return isinstance(found.get("lists"), list) and "uuid" in found


def _set_aside(part: Part, memberships: Memberships) -> dict[str, _List]:
    lists: dict[str, _List] = {}
    for row in _copied(part, _BEFORE_SUBSCRIBERS):
        if row.table == "lists":
            lists[row.value("id")] = _List(row.value("name"), row.value("optin") == "double")
        elif row.table == "subscriber_lists":
            status = row.value("status")
            # Set when they came; what is later only says when anything about them was touched.
            at = row.value("updated_at" if status == "unsubscribed" else "created_at")
            memberships.add(Membership(row.value("subscriber_id"), row.value("list_id"), status, at))
        elif row.table == "bounces" and row.value("type") in _BOUNCES:
            at = row.value("created_at")
            memberships.add(Membership(row.value("subscriber_id"), "", row.value("type"), at))
    return lists


def _of_subscriber(
    part: Part, row: _Copied, lists: Mapping[str, _List], theirs: list[Membership], terms: Terms
) -> Iterator[Entry]:
    overall = _NOT_MAILED.get(row.value("status"))
    for each in theirs:
        overall = lower(_BOUNCES[each.status], overall) if not each.list_id else overall
    on_lists = [each for each in theirs if each.list_id in lists]
    if overall is not None and not on_lists:
        # Who was blocked without ever signing up, or whose lists are gone.
        yield Entry(row.line, row.value("email"), "", overall)
    for each in on_lists:
        place = lists[each.list_id]
        claim = lower(_claim(each.status, is_double=place.is_double), overall)
        at = _moment(part.place, row.line, each.at)
        yield Entry(row.line, row.value("email"), place.name, lower(claim, terms.status), at)


def _claim(status: str, *, is_double: bool) -> Claim:
    if status == "unsubscribed":
        return Claim.LEFT
    return Claim.CONFIRMED if status == "confirmed" and is_double else Claim.UNCONFIRMED


def _moment(place: str, line: int, written: str) -> Any:
    try:
        return parse_moment(written) if written else None
    except ValueError:
        raise InputError.at(
            place, line, "a date of this subscriber is damaged; make the dump again"
        ) from None


def _copied(part: Part, wanted: frozenset[str]) -> Iterator[_Copied]:
    """Yield the rows of the tables that are *wanted*, as COPY writes them."""
    table, columns = "", {"": 0}
    for number, text in part.lines():
        line = text.rstrip("\r\n")
        if not table:
            if found := _COPY.match(line):
                table = found[1]
                columns = {name.strip(' "'): place for place, name in enumerate(found[2].split(","))}
            elif _INSERT.match(line):
                raise InputError.at(
                    part.place, number, "made with --inserts; make it by pg_dump --format=plain"
                )
        elif line == "\\.":
            table = ""
        elif table in wanted:
            values = line.split("\t")
            if len(values) != len(columns):
                raise InputError.at(part.place, number, "this line of the dump is damaged; make it again")
            yield _Copied(number, table, columns, values)
    if table:
        raise InputError.at(part.place, None, "the dump is cut off; make it again")
