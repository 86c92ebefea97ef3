"""No reader's address can be found in anything that an installation leaves behind."""

from __future__ import annotations

import base64
import codecs
import gzip
import hashlib
import html
import json
import quopri
import shutil
import sqlite3
import urllib.parse
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.domain.reply import mask
from tests.acceptance.canaries import SPELLINGS, address, far_end, mailed_to
from tests.acceptance.commandline import Installed
from tests.acceptance.leak_cycle import Cycle, cycle, whole
from tests.acceptance.leak_life import live
from tests.acceptance.leaking import LOCAL, Search, files_in, values_in

READERS = 100


@pytest.fixture(scope="module")
def lived(template: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cycle]:
    """The whole life of 100 canary readers, ended."""
    folder = tmp_path_factory.mktemp("leak")
    shutil.copytree(template.folder, folder / "newsroom")
    installed = replace(template, folder=folder / "newsroom")
    with far_end() as far, cycle(installed, far, folder / "tmp", READERS) as one:
        live(one)
        yield one


def test_nothing_that_is_left_behind_names_a_reader(lived: Cycle) -> None:
    """Files, rows, logs, backups, answers, processes: 0 finds, where every copy that was mailed is one."""
    search = Search(map(address, range(4)))
    copies = {to: mail.as_bytes() for to, mail in lived.issues().items()}

    assert search.through(lived.seen) == []
    assert {find.place for find in search.through(copies)} == copies.keys()
    assert len(copies) > READERS // 2


def test_an_address_is_shown_only_to_who_has_it(lived: Cycle) -> None:
    """To whoever typed it just before, or holds the link mailed to it; no browser and no proxy keeps it."""
    search = Search()

    shown = {
        place.partition(" ")[2].replace("/be", "/en").replace("/ru", "/en")
        for place, answer in lived.to_its_owner.items()
        if search.through({place: whole(answer)})
    }

    assert {place for place in shown if "/manage/" not in place} == {
        "POST /en/embed 200",
        "POST /en/subscribe 422",
        "POST /en/manage 422",
        "POST /desk/login 403",
        "POST /desk/reader 200",
        "POST /desk/reader/erase 200",
    }
    assert {answer.headers["cache-control"] for answer in lived.to_its_owner.values()} == {"no-store"}


def test_the_life_had_everything_in_it(lived: Cycle) -> None:
    """Answers of every kind were kept, copies were torn by the kill, readers left and came back."""

    def rows(question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(lived.database)) as database:
            return database.execute(question).fetchall()

    replies = [
        str(reply) for (reply,) in rows("SELECT reply FROM attempt UNION ALL SELECT reply FROM delivery")
    ]

    assert {reply[:3] for reply in replies if "‹…›" in reply} == {"250", "451", "452", "550", "552"}
    assert b"event=node.recovered" in lived.log.read_bytes()
    assert {standing for (standing,) in rows("SELECT standing FROM subscription")} >= {
        "active",
        "unsubscribed",
    }
    assert rows("SELECT count(*) FROM suppression") != [(0,)]
    came_back = rows("SELECT kind, count(*), sum(reply LIKE '%‹…›%') FROM consequence GROUP BY kind")
    assert {kind for kind, _, _ in came_back} >= {"bounce", "complaint", "auto-reply", "human"}
    assert any(masked for _, _, masked in came_back)


PLANTS: Mapping[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "capitals": lambda text: text.upper().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, second offset": lambda text: base64.b64encode(b"1" + text.encode()),
    "base64, third offset": lambda text: base64.b64encode(b"12" + text.encode()),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(b"??>" + text.encode()),
    "base64 of capitals": lambda text: base64.b64encode(text.upper().encode()),
    "base64 in short lines": lambda text: base64.encodebytes(b"x" * 50 + text.encode()),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16")),
    "base32": lambda text: base64.b32encode(b"123" + text.encode()),
    "base32, small": lambda text: base64.b32encode(b"1234" + text.encode()).lower(),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "hexadecimal, capitals": lambda text: text.encode().hex().upper().encode(),
    "quoted-printable": lambda text: quopri.encodestring(b"x" * 70 + text.encode()),
    "percent": lambda text: urllib.parse.quote(text, safe="").encode(),
    "percent, all": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "UTF-16 LE": lambda text: text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "KOI8-R": lambda text: text.encode("koi8-r"),
    "IDNA": lambda text: mailed_to(text).encode(),
    "reversed": lambda text: text[::-1].encode(),
    "rot13 of ASCII": lambda text: codecs.encode(text, "rot13").encode("ascii", "replace"),
    "HTML": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace"),
    "HTML, all": lambda text: "".join(f"&#{ord(letter)};" for letter in text).encode(),
    "JSON": lambda text: json.dumps(text).encode(),
    "Python": lambda text: ascii(text).encode(),
    "gzip": lambda text: b"header" + gzip.compress(text.encode()),
    "zlib": lambda text: b"header" + zlib.compress(text.encode()),
    "gzip in gzip": lambda text: gzip.compress(b"more" + gzip.compress(text.encode() * 3)),
}


@pytest.mark.parametrize("form", PLANTS)
def test_a_planted_address_is_found(form: str) -> None:
    """In each form, of every shape of address; whatever the disk or the wire held before and after it."""
    search = Search()
    around = bytes(range(256)) * 8

    missed = [
        typed
        for typed in map(address, range(5))
        if not search.through({"log": around + PLANTS[form](typed) + around})
    ]

    assert missed == []


@pytest.mark.parametrize("part", ["before the @", "behind it"])
@pytest.mark.parametrize("number", range(5))
def test_a_part_of_an_address_is_found(number: int, part: str) -> None:
    """The local part or the reader's own domain alone give a reader away too."""
    local, _, domain = address(number).rpartition("@")

    assert Search().through({"log": (local if part == "before the @" else domain).encode()})


def test_a_hash_that_anybody_can_try_is_found() -> None:
    """A plain SHA-256 of an address hides nothing from who guesses it."""
    search = Search([address(1)])

    assert search.through({"rows": b"\x00" + hashlib.sha256(address(1).encode()).digest()})
    assert not search.through({"rows": b"\x00" + hashlib.sha256(b"another").digest()})


def test_an_address_in_a_database_is_found(tmp_path: Path) -> None:
    """In a row, in a value that is longer than a page, in the log of writes, and after it was deleted."""
    place = tmp_path / "mailer.db"
    search = Search()
    with closing(sqlite3.connect(place)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        # Some systems build SQLite so that it wipes what is deleted; not all do.
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE reader (name TEXT)")
        for padding in range(4000, 4200):
            database.execute("INSERT INTO reader VALUES (?)", ("x" * padding + LOCAL,))
        database.commit()

        assert len(values_in(place)["table reader"].split(LOCAL.encode())) == 201
        assert {find.place for find in search.through(files_in(tmp_path))} == {"mailer.db-wal"}

        database.execute("DELETE FROM reader")
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        assert {find.place for find in search.through(files_in(tmp_path))} == {"mailer.db"}


@pytest.mark.parametrize("spell", SPELLINGS)
def test_no_spelling_of_a_server_is_kept(spell: Callable[[str], str]) -> None:
    """What is stored of an answer names no recipient, however it does."""
    search = Search()
    recipients = list(map(mailed_to, map(address, range(5))))

    said = {to: f"550 5.1.1 {spell(to)} is unknown" for to in recipients}

    assert len({find.place for find in search.through({to: said[to].encode() for to in said})}) == 5
    assert search.through({to: mask(said[to], to).encode() for to in said}) == []
