"""Readers of another service come in as low as their file proves, once, and not against their own choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mailer.audience.address import parse_address
from mailer.audience.moving.invitation import Pace, invite
from mailer.audience.moving.taking_in import SLICE, Report, foresee, plan_move, take_in
from mailer.audience.moving.terms import Terms
from mailer.domain.arrival import Change, Claim
from mailer.domain.content import LetterKind
from mailer.domain.flood import FloodLimits
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from mailer.errors import InputError
from tests.integration.audience.own_settings import Visitor
from tests.integration.audience.reading_room import ADDRESS, WIDE_OPEN, Room
from tests.integration.storage.scene import BE, EN, RU, SLUG

SAMPLES = Path(__file__).parents[2] / "samples" / "moving"
LISTS = {"Weekly BE": BE, "Weekly RU": RU, "Announcements": None}
TERMS = Terms(SLUG, (BE, RU, EN), LISTS, source="the old site")
PLAIN = replace(TERMS, lists={"News": BE}, list_name="News")


class CutOffError(Exception):
    """The process ends here."""


def silence(doing: str, done: int, whole: int | None) -> None:
    """Hear nothing."""


def bring(
    room: Room, path: Path, terms: Terms = TERMS, tell: Callable[..., None] = silence, at_once: int = SLICE
) -> Report:
    """Import *path*."""
    move = plan_move(path, None, terms)
    return room.run(take_in(room.store.database, room.vault, move, now=room.now, tell=tell, at_once=at_once))


def table(folder: Path, *lines: str, name: str = "readers.csv") -> Path:
    """Write a plain table; return where it is."""
    path = folder / name
    path.write_text("\n".join(["email,status,date", *lines, ""]))
    return path


def consent(room: Room, address: str) -> Any:
    """Return the subscription of an address, with the consent record."""
    reader = room.reader(address)
    return next(row for row in room.store.rows("subscription") if row["reader_id"] == reader.id)


def reason(room: Room, address: str) -> Standing | None:
    """Return why an address must not be mailed; None where it may be."""
    index = room.vault.index(parse_address(address))
    found = [row["reason"] for row in room.store.rows("suppression") if row["address_index"] == index]
    return found[0] if found else None


def test_a_dump_of_listmonk_comes_in_as_it_proves(room: Room) -> None:
    """Double opt-in stays active, other sign-ups wait, and of who left only a keyed hash is kept."""
    report = bring(room, SAMPLES / "listmonk.sql")

    stands = {name: room.standing(f"{name}@example.org") for name in ("one", "two", "three", "seven")}
    active, pending = Standing.ACTIVE, Standing.PENDING
    assert stands == {"one": active, "two": active, "three": active, "seven": pending}
    for name, why in (
        ("five", Standing.UNSUBSCRIBED),
        ("six", Standing.BOUNCED),
        ("eight", Standing.UNSUBSCRIBED),
    ):
        assert (room.find(f"{name}@example.org"), reason(room, f"{name}@example.org")) == (None, why)
    assert room.find("four@example.org") is None  # on a list that is left out
    assert room.find("nine@example.org") is None  # on no list
    assert report.changes == {Change.SUBSCRIBED: 3, Change.WAITING: 1, Change.STOPPED: 3}
    assert room.letters() == []


def test_a_block_holds_though_its_list_is_left_out(room: Room, tmp_path: Path) -> None:
    """Who complained on an old list must not be mailed by a new one; who only left the old one may be."""
    rows = ("one,Old,complained", "two,Old,blocked", "three,Old,left", "four,,blocked")
    lines = ["email,list,status", *(row.replace(",", "@example.org,", 1) for row in rows), ""]
    path = tmp_path / "readers.csv"
    path.write_text("\n".join(lines))

    bring(room, path, replace(TERMS, lists={"Old": None, "News": BE}, list_name="Never named"))

    reasons = [reason(room, f"{name}@example.org") for name in ("one", "two", "three", "four")]
    assert reasons == [Standing.COMPLAINED, Standing.UNSUBSCRIBED, None, Standing.UNSUBSCRIBED]


def test_one_person_on_two_lists_is_one_reader(room: Room) -> None:
    """With the second language where the first has no text; who left one list reads the other."""
    bring(room, SAMPLES / "listmonk.sql")

    two, three = room.reader("two@example.org"), room.reader("three@example.org")
    assert (two.language, two.missing_choice) == (BE, MissingRule(RU))
    assert (three.language, three.missing_choice) == (RU, None)


def test_the_consent_record_says_where_it_comes_from(room: Room) -> None:
    """Service, list, what the operator says of it, and when, to the hour; no words of ours were agreed to."""
    bring(room, SAMPLES / "listmonk.sql")

    record = consent(room, "one@example.org")
    assert record["consent_channel"] == "imported from listmonk, list “Weekly BE”: the old site"
    assert record["consent_at"] == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert (record["consent_version"], record["consent_language"]) == (None, BE)


def test_addresses_are_sealed_and_open(room: Room) -> None:
    """As spelled in the file, under the reader's own public id."""
    bring(room, SAMPLES / "listmonk.sql")

    reader = room.reader("one@example.org")
    assert reader.sealed_address is not None
    assert room.vault.open(reader.sealed_address, reader.public_id) == b"one@example.org"


def test_a_consent_with_a_date_to_come_is_asked_for_again(room: Room, tmp_path: Path) -> None:
    """Nothing of it is on record, and the dry run says so before."""
    path = table(tmp_path, f"one@example.org,confirmed,{room.now.year + 4}-01-01")
    move = plan_move(path, None, PLAIN)

    foreseen = room.run(
        foresee(room.store.database, room.vault, move, now=room.now, with_places=False, tell=silence)
    )
    report = bring(room, path, PLAIN)

    assert report.changes == foreseen.changes == {Change.WAITING: 1}
    assert consent(room, "one@example.org")["consent_at"] is None


def test_a_nul_in_the_name_of_a_list_is_refused(room: Room, tmp_path: Path) -> None:
    """JSON can write it; a database need not be able to store it."""
    path = tmp_path / "readers.json"
    path.write_text('[{"email": "one@example.org", "status": "pending", "list": "Ne\\u0000ws"}]')

    with pytest.raises(InputError, match="the name of a list holds a NUL"):
        bring(room, path, replace(PLAIN, lists={}, languages=(BE,)))


def test_a_dry_run_says_the_same_and_stores_nothing(room: Room) -> None:
    """Also each line's place with its change, in the order of the file."""
    move = plan_move(SAMPLES / "listmonk.sql", None, TERMS)

    foreseen = room.run(
        foresee(room.store.database, room.vault, move, now=room.now, with_places=True, tell=silence)
    )

    lines = [(place.rpartition(":")[2], change) for place, change in foreseen.lines()]
    assert [change for _, change in lines] == ["subscribed"] * 3 + ["stopped"] * 2 + ["waiting", "stopped"]
    assert lines == sorted(lines)
    tables = ("reader", "subscription", "suppression", "import_run")
    assert [room.store.rows(name) for name in tables] == [[], [], [], []]
    assert bring(room, SAMPLES / "listmonk.sql").changes == foreseen.changes


def test_nothing_is_stored_of_a_file_with_a_line_that_is_not_understood(room: Room, tmp_path: Path) -> None:
    """Read first, then taken in: nothing half-done."""
    path = table(tmp_path, "one@example.org,left,", "two@example.org,perhaps,")

    with pytest.raises(InputError, match="line 3: column “status”"):
        bring(room, path, PLAIN)

    assert room.store.rows("suppression") == []
    assert room.store.rows("import_run") == []


def test_lines_without_an_address_are_counted_and_left_out(room: Room, tmp_path: Path) -> None:
    """The others come in."""
    path = table(tmp_path, "not an address,left,", "two@example.org,left,")

    report = bring(room, path, PLAIN)

    assert [report.unusable.shown(place) for place in report.unusable.packed] == [f"{path}:2"]
    assert report.changes == {Change.STOPPED: 1}


def test_the_same_address_in_any_spelling_is_one_person(room: Room, tmp_path: Path) -> None:
    """Of one list the lowest word counts, wherever the lines stand."""
    path = table(tmp_path, "One@Example.org,pending,", "two@example.org,pending,", "one@example.ORG,left,")

    bring(room, path, PLAIN)

    assert room.find("one@example.org") is None
    assert reason(room, "one@example.org") is Standing.UNSUBSCRIBED
    assert room.standing("two@example.org") is Standing.PENDING


def test_the_same_files_are_taken_in_once(room: Room, tmp_path: Path) -> None:
    """Who was erased in between does not come back by a second run; other terms are another import."""
    path = table(tmp_path, "one@example.org,pending,")
    bring(room, path, PLAIN)
    room.store.write(
        lambda tx: [tx.exec_driver_sql(f"DELETE FROM {name}") for name in ("subscription", "reader")]
    )

    again = bring(room, path, PLAIN)

    assert (again.done_at, again.changes.total()) == (room.now, 0)
    assert room.find("one@example.org") is None
    assert bring(room, path, replace(PLAIN, source="the other site")).changes.total() == 1


def test_a_run_that_was_cut_off_goes_on(room: Room, tmp_path: Path) -> None:
    """After the last slice that is in; everybody is in once at the end."""
    path = table(tmp_path, *(f"reader{number}@example.org,pending," for number in range(55)))

    def stop(doing: str, done: int, _whole: int | None) -> None:
        if (doing, done) == ("taking in", 30):
            raise CutOffError

    with pytest.raises(CutOffError):
        bring(room, path, PLAIN, stop, at_once=10)
    half = len(room.store.rows("reader"))
    report = bring(room, path, PLAIN, at_once=10)

    assert (half, report.skipped, report.changes) == (30, 30, {Change.WAITING: 25})
    assert len(room.store.rows("reader")) == len(room.store.rows("subscription")) == 55


def test_who_chose_here_stays_as_they_are(room: Room, tmp_path: Path) -> None:
    """Subscribed, waiting to confirm, or gone: a file changes none of it."""
    room.subscribe("active@example.org")
    room.sign_up("pending@example.org")
    left = room.subscribe("left@example.org")
    room.unsubscribe(room.link(left))
    room.subscribe("complained@example.org")
    room.suppress(Standing.COMPLAINED, "complained@example.org")
    names = ("active", "pending", "left", "complained")
    before = [room.standing(f"{name}@example.org") for name in names]
    vouched = replace(PLAIN, status=Claim.CONFIRMED, since=datetime(2020, 1, 1, tzinfo=UTC))

    coming = bring(room, table(tmp_path, *(f"{name}@example.org,," for name in names)), vouched)
    going = bring(
        room, table(tmp_path, "active@example.org,left,2020-01-01", "pending@example.org,left,"), PLAIN
    )

    assert (coming.changes, going.changes) == ({Change.KEPT: 4}, {Change.KEPT: 2})
    assert [room.standing(f"{name}@example.org") for name in names] == before
    assert reason(room, "active@example.org") is None


def test_who_may_not_be_mailed_is_not_brought_back(room: Room, tmp_path: Path) -> None:
    """Neither by a later file that calls them confirmed, nor is the note lifted."""
    bring(room, table(tmp_path, "one@example.org,bounced,"), PLAIN)
    vouched = replace(PLAIN, status=Claim.CONFIRMED, since=room.now)

    report = bring(room, table(tmp_path, "one@example.org,,", name="later.csv"), vouched)

    assert report.changes == {Change.REFUSED: 1}
    assert (room.find("one@example.org"), reason(room, "one@example.org")) == (None, Standing.BOUNCED)


def test_a_later_file_lowers_what_an_earlier_one_brought(room: Room, tmp_path: Path) -> None:
    """Subscribers end and their address goes; who only waited is gone at once."""
    bring(room, SAMPLES / "listmonk.sql")

    later = bring(room, table(tmp_path, "one@example.org,left,", "seven@example.org,complained,"), PLAIN)

    assert later.changes == {Change.ENDED: 2}
    assert room.standing("one@example.org") is Standing.UNSUBSCRIBED
    assert room.reader("one@example.org").sealed_address is None
    assert room.find("seven@example.org") is None
    assert reason(room, "one@example.org") is Standing.UNSUBSCRIBED
    assert reason(room, "seven@example.org") is Standing.COMPLAINED
    room.wait(days=15)
    room.forget_expired()
    assert room.find("one@example.org") is None


def test_a_reader_of_another_newsletter_gets_this_one_too(room: Room, tmp_path: Path) -> None:
    """In their own language and under their own address; leaving there takes nothing away here."""
    room.subscribe("one@example.org", language=EN, newsletter="other")
    room.subscribe("two@example.org", language=EN, newsletter="other")
    vouched = replace(PLAIN, status=Claim.CONFIRMED, since=room.now)

    bring(room, table(tmp_path, "one@example.org,,", "two@example.org,left,"), vouched)

    assert room.standing("one@example.org") is Standing.ACTIVE
    assert room.standing("one@example.org", "other") is Standing.ACTIVE
    assert room.reader("one@example.org").language is EN
    assert room.standing("two@example.org", "other") is Standing.ACTIVE
    assert reason(room, "two@example.org") is None


def test_who_waits_is_forgotten_unless_they_are_asked(room: Room, tmp_path: Path) -> None:
    """An address without a proven consent is not kept for ever."""
    bring(room, table(tmp_path, "one@example.org,pending,"), PLAIN)

    room.wait(days=89)
    room.forget_expired()
    assert room.find("one@example.org") is not None
    room.wait(days=2)
    room.forget_expired()
    assert room.find("one@example.org") is None


def asked(room: Room, per_hour: int = 200, limits: FloodLimits = WIDE_OPEN) -> int:
    """Have imported readers asked to confirm."""
    pace = Pace(per_hour, limits, room.now)
    return room.run(invite(room.store.database, room.vault, SLUG, pace=pace, tell=silence)).asked


def test_who_waits_is_asked_on_request_a_few_each_hour(room: Room, tmp_path: Path) -> None:
    """Spread over time, each once; who signed up here is asked by nobody else."""
    bring(room, table(tmp_path, *(f"reader{number}@example.org,pending," for number in range(5))), PLAIN)
    room.sign_up(ADDRESS)

    first, second = asked(room, per_hour=2), asked(room, per_hour=2)

    due = [row["next_at"] for row in room.store.rows("letter") if row["kind"] is LetterKind.INVITE]
    assert (first, second) == (5, 0)
    assert sorted(due) == [room.now + timedelta(minutes=30 * number) for number in range(5)]


@pytest.mark.parametrize("what", ["a later file", "their button", "their settings", "signing up themselves"])
def test_an_invitation_that_waits_is_mailed_to_nobody_who_has_decided(
    room: Room, tmp_path: Path, what: str
) -> None:
    """It may wait for weeks: who has said no meanwhile gets none, and neither has who is a reader already."""
    bring(room, table(tmp_path, "one@example.org,pending,"), PLAIN)
    asked(room)

    match what:
        case "a later file":
            bring(room, table(tmp_path, "one@example.org,left,", name="later.csv"), PLAIN)
        case "their button":
            room.unsubscribe(room.link(room.reader("one@example.org")))
        case "their settings":
            room.subscribe("one@example.org", newsletter="other")
            Visitor(room).open("one@example.org").add(SLUG)
        case _:
            room.sign_up("one@example.org")
            room.confirm()

    assert LetterKind.INVITE not in room.letters()


def test_one_domain_is_asked_no_faster_than_half_its_cap(room: Room, tmp_path: Path) -> None:
    """Sign-ups have the cap besides; it holds from one slice to the next, and nobody is passed over."""
    people = [f"reader{number}@example.org,pending," for number in range(3)]
    bring(room, table(tmp_path, *people, "other@example.net,pending,"), PLAIN)

    assert asked(room, per_hour=1_000, limits=FloodLimits(per_domain=4)) == 4

    due = {
        values["to"]: row["next_at"]
        for row, values in zip(room.store.rows("letter"), room.opened_letters(), strict=True)
    }
    theirs = sorted(at for address, at in due.items() if address.endswith("@example.org"))
    gaps = [later - earlier for earlier, later in pairwise(theirs)]
    assert gaps == [timedelta(minutes=30)] * 2


def test_who_is_asked_and_confirms_has_chosen_here(room: Room, tmp_path: Path) -> None:
    """With our words on record; a later file that says they left there before does not end it."""
    bring(room, table(tmp_path, "one@example.org,pending,2024-01-01"), PLAIN)
    asked(room)
    secret = room.opened_letters()[-1]["secret"]

    room.confirm(secret)

    later = bring(room, table(tmp_path, "one@example.org,left,2024-02-02", name="later.csv"), PLAIN)
    record = consent(room, "one@example.org")
    assert (record["standing"], record["consent_at"].year) == (Standing.ACTIVE, room.now.year)
    assert record["consent_channel"].startswith("imported from csv")
    assert later.changes == {Change.KEPT: 1}


def test_who_is_asked_late_has_the_whole_time_to_answer(room: Room, tmp_path: Path) -> None:
    """They are not forgotten while their link works."""
    bring(room, table(tmp_path, "one@example.org,pending,"), PLAIN)
    room.wait(days=85)
    asked(room)

    room.wait(days=13)
    room.forget_expired()
    room.confirm(room.opened_letters()[-1]["secret"])

    assert room.standing("one@example.org") is Standing.ACTIVE


def test_who_does_not_answer_is_forgotten(room: Room, tmp_path: Path) -> None:
    """Like everybody who was asked and did not confirm."""
    bring(room, table(tmp_path, "one@example.org,pending,"), PLAIN)
    asked(room)

    room.wait(days=14 + 8)
    room.forget_expired()

    assert room.find("one@example.org") is None
