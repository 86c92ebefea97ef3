"""``mailer reader import``, ``invite`` and ``export`` as somebody meets them who moves house."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pyrage
from pyrage import x25519

from tests.acceptance.commandline import MAILER, Installed

SAMPLES = Path(__file__).parents[1] / "samples" / "moving"
MAPS = ("--map", "Weekly BE=be", "--map", "Weekly RU=ru", "--map", "Announcements=leave-out")
MANY = 9_000


def number(installed: Installed, question: str) -> int:
    """Return the number its database answers; 0 for nothing."""
    address = f"file:{installed.folder / 'data' / 'mailer.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        return int((database.execute(question).fetchone() or (0,))[0])


def test_a_dry_run_shows_counts_and_writes_line_numbers(installed: Installed) -> None:
    """No address on the screen or in the list, which is its owner's alone; nothing is stored."""
    before = installed.dump()

    ran = installed(
        "reader", "import", SAMPLES / "listmonk.sql", *MAPS, "--dry-run", "--list-changes", "changes.txt"
    )

    changes = installed.folder / "changes.txt"
    assert (ran.status, ran.err) == (0, "")
    assert b"        3  subscribed, their consent proven\n" in ran.out
    assert changes.stat().st_mode & 0o777 == 0o600
    assert len(changes.read_text().splitlines()) == 7
    assert b"example.org" not in ran.out + changes.read_bytes()
    assert installed.dump() == before


def test_columns_that_are_not_read_are_said(installed: Installed) -> None:
    """Before anything is stored and after, for people and for scripts."""
    (installed.folder / "friends.csv").write_text("E-mail,Имя,Горад\none@example.org,Ян,Мінск\n", "utf-8")
    told = ("friends.csv", "--list", "F", "--map", "F=be", "--status", "unconfirmed", "--source", "a fair")

    foreseen = installed("reader", "import", *told, "--dry-run")
    taken = installed("reader", "import", *told, "--json").json

    assert "columns not read: Имя, Горад\n" in foreseen.out.decode()
    assert taken["columns_not_read"] == ["Имя", "Горад"]


def test_an_import_counts_what_it_did(installed: Installed) -> None:
    """For scripts in one JSON object; once more does nothing, and says when it was done."""
    first = installed("reader", "import", SAMPLES / "listmonk.sql", *MAPS, "--json").json
    again = installed("reader", "import", SAMPLES / "listmonk.sql", *MAPS, "--json").json

    assert {name: first[name] for name in ("subscribed", "waiting", "stopped", "kept")} == {
        "subscribed": 3,
        "waiting": 1,
        "stopped": 3,
        "kept": 0,
    }
    assert (first["done_at"], again["subscribed"], again["done_at"] is not None) == (None, 0, True)


def test_a_list_that_nobody_mapped_is_named(installed: Installed) -> None:
    """With what to add."""
    refused = installed("reader", "import", SAMPLES / "listmonk.sql", *MAPS[:4]).refusal()

    assert "add --map 'Announcements=be' (or another language, or =leave-out)" in refused


def test_a_bare_table_needs_list_and_status(installed: Installed) -> None:
    """Addresses alone say nothing about consent."""
    (installed.folder / "bare.csv").write_text("email\none@example.org\n")

    refused = installed("reader", "import", "bare.csv").refusal()

    assert refused == "bare.csv, line 2: column “list” is missing: add --list NAME for all rows"


def test_an_import_that_is_killed_goes_on(installed: Installed) -> None:
    """By kill -9 in the middle, and the same command again: everybody is in, each once."""
    lines = [f"reader{number}@example.org,pending" for number in range(MANY)]
    (installed.folder / "many.csv").write_text("\n".join(["email,status", *lines]))
    command = ("reader", "import", "many.csv", "--list", "News", "--map", "News=be", "--json")
    process = subprocess.Popen([MAILER, *command], cwd=installed.folder, stdout=subprocess.DEVNULL)
    ends_at = time.monotonic() + 30
    while not number(installed, "SELECT done_count FROM import_run") and time.monotonic() < ends_at:
        time.sleep(0.005)
    process.kill()
    process.wait()
    done = number(installed, "SELECT done_count FROM import_run")

    second = installed(*command).json

    assert 0 < done < MANY
    assert (second["skipped"], second["waiting"]) == (done, MANY - done)
    assert number(installed, "SELECT count(*) FROM reader") == MANY
    assert number(installed, "SELECT count(*) FROM subscription") == MANY


def test_who_waits_is_asked_only_on_request(installed: Installed) -> None:
    """The verb wants to hear --from-import, and then says how long it takes."""
    installed("reader", "import", SAMPLES / "substack.csv", "--list", "News", "--map", "News=be")

    refused = installed("reader", "invite").refusal()
    invited = installed("reader", "invite", "--from-import", "--per-hour", "10", "--json").json

    assert refused == "add --from-import; it is asked for because these mails go to many at once"
    assert invited == {"invited": 1, "hours": 1}
    assert installed("reader", "invite", "--from-import").out == b"nobody is left to be asked\n"


def test_an_export_needs_the_settings_word_and_opens_with_the_key(installed: Installed) -> None:
    """Whoever has the command line alone can't take the readers away."""
    installed("reader", "import", SAMPLES / "listmonk.sql", *MAPS)
    owner = x25519.Identity.generate()
    command = ("reader", "export", "readers.age", "--recipient", str(owner.to_public()))

    refused = installed(*command).refusal()
    allowed = installed(*command, environment={"MAILER_EXPORT__ALLOWED": "true"})

    opened = pyrage.decrypt((installed.folder / "readers.age").read_bytes(), [owner]).splitlines()
    assert "write allowed = true under [export] in mailer.toml" in refused
    assert (allowed.status, allowed.err) == (0, "")
    assert allowed.out.startswith(b"4 readers are in readers.age")
    assert {json.loads(line)["email"] for line in opened[1:]} == {
        f"{name}@example.org" for name in ("one", "two", "three", "seven")
    }
