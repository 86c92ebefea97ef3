"""The checks read what they need from the database, and what they find holds a release."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailer.delivery.firing import fire
from mailer.delivery.printing import inspect
from mailer.delivery.release import Held
from mailer.delivery.release import release as release_issue
from mailer.domain.checks.machine import ANY_MACHINE, Machine
from mailer.domain.commentary import Commentary, Text, TextState
from mailer.domain.finding import Check, Severity
from mailer.domain.period import Period
from mailer.domain.theme import Theme
from mailer.editorial import draft
from mailer.editorial.draft import Draft
from mailer.rendering.theme_folder import Themes
from mailer.storage import Database, commentaries, editions
from mailer.storage.tables import reader
from tests.integration.delivery.clockwork import (
    AUTOMATIC,
    ENGLISH,
    LINKS,
    W46,
    W47,
    W48,
    WEEKLY,
    Newsroom,
    at,
)

BEFORE, RELEASE = "2026-11-23 04:00", "2026-11-23 08:00"
PICTURE = "0123456789abcdef-1120x630.jpg"
PAGE = f"{LINKS.base}/en/weekly"
US = f"{LINKS.base}/we"
HERE = Machine(LINKS.base, has_relay=True)


async def write(database: Database, body: str, *, period: Period = W47, headline: str = "Now") -> None:
    text = Text(ENGLISH, TextState.READY, headline, body)
    commentary = Commentary("society", period, texts={ENGLISH: text})
    await database.write(lambda tx: commentaries.save(tx, WEEKLY.slug, commentary))


async def built(
    room: Newsroom, body: str, *, machine: Machine = HERE, words: Mapping[str, str] | None = None
) -> Draft:
    await write(room.database, body)
    said = {ENGLISH: words} if words else {}
    return await draft.build(room.database, room.newsletter, W47, words=said, now=at(BEFORE), machine=machine)


def found(drafted: Draft) -> dict[Check, str]:
    """Return the findings but for the trend, which these texts do without."""
    return {each.check: each.message for each in drafted.findings if each.check is not Check.TREND_MISSING}


def test_a_text_of_the_week_before_is_told(database: Database, runner: asyncio.Runner) -> None:
    """Whether that week's issue was sent or not."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W46)

        repeated = await built(room, "Body.")

        assert found(repeated) == {Check.TEXT_REPEATED: "the body of society.en is the same as in 2026-W46"}
        assert found(await built(room, "New.")) == {}

    runner.run(scene())


def test_the_last_issue_that_readers_had_is_the_one_compared(
    database: Database, runner: asyncio.Runner
) -> None:
    """After a pause of a week, which is told as well."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W46)
        sent = await draft.build(database, WEEKLY, W46, words={}, now=at("2026-11-16 05:00"))
        await room.release(sent.issue.id, "2026-11-16 08:00")
        await write(database, "Body.", period=W48)

        late = await draft.build(database, WEEKLY, W48, words={}, now=at("2026-11-30 05:00"))

        assert found(late) == {
            Check.TEXT_REPEATED: "the body of society.en is the same as in 2026-W46",
            Check.OUT_OF_SEQUENCE: "between 2026-W46, which was sent last, and 2026-W48 days are left out",
        }

    runner.run(scene())


def test_a_link_to_an_issue_lives_once_that_is_sent(database: Database, runner: asyncio.Runner) -> None:
    """In a text and in a note alike; this issue's own page is there when readers follow it."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W46)
        body = f"See [before]({PAGE}/2026-W46) and [here]({PAGE}/2026-W47#society)."
        note = {"opening_note": f"[Before]({PAGE}/2026-W46)", "closing_notices": f"[Us]({US})"}
        drafted = await built(room, body, words=note)
        dead = [each.message for each in drafted.findings if each.check is Check.DEAD_LINK]
        assert dead == [
            f"a link in society.en leads to {PAGE}/2026-W46, and that issue has not been sent",
            f"a link in the opening note in en leads to {PAGE}/2026-W46, and that issue has not been sent",
            f"a link in the closing notice in en leads to {US}, a page that this site does not have",
        ]

        sent = await draft.build(database, WEEKLY, W46, words={}, now=at(BEFORE))
        await room.release(sent.issue.id, RELEASE)

        assert found(await draft.get(database, drafted.issue.id, HERE, at=at(BEFORE))).keys() == {
            Check.DEAD_LINK
        }
        assert found(await built(room, body, words={"opening_note": "", "closing_notices": ""})) == {}

    runner.run(scene())


def test_the_newsletters_own_words_and_logo_are_looked_at(
    database: Database, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """Its footer stands in every edition, and so does its logo."""

    async def scene() -> None:
        themed = replace(WEEKLY, footer={ENGLISH: f"[About]({US})"}, theme=Theme(logo=PICTURE))
        room = await Newsroom(database, themed).furnish()

        drafted = await built(room, "Body.", machine=replace(HERE, media=tmp_path))

        assert found(drafted) == {
            Check.PICTURE_MISSING: f"the picture media:{PICTURE} in newsletter.toml is not here",
            Check.DEAD_LINK: f"a link in the footer in en leads to {US}, a page that this site does not have",
        }

    runner.run(scene())


OWN = f"{LINKS.base}/u/AbCdSecret"
CONFIRM = f"{LINKS.base}/en/confirm/xyzSecret"


def test_a_readers_own_link_holds_whatever_words_it_stands_in(
    database: Database, runner: asyncio.Runner
) -> None:
    """Bare as well as in brackets; each place is named once, and the secret never."""

    async def scene() -> None:
        footed = replace(
            WEEKLY,
            footer={ENGLISH: f"[Leave]({OWN})"},
            address_line={ENGLISH: f"Street 1 {OWN}"},
            overview_title={ENGLISH: f"Situation {OWN}"},
        )
        await Newsroom(database, footed).furnish()
        text = Text(ENGLISH, TextState.READY, f"H {OWN}", f"[u]({OWN}) {OWN}", lead=OWN, author=OWN)
        commentary = Commentary("society", W47, texts={ENGLISH: text})
        await database.write(lambda tx: commentaries.save(tx, WEEKLY.slug, commentary))
        words = {
            "subject": f"See {OWN}",
            "preheader": OWN,
            "opening_note": CONFIRM.removeprefix("https://"),
            "closing_notices": f"<{OWN}>",
        }

        drafted = await draft.build(
            database, footed, W47, words={ENGLISH: words}, now=at(BEFORE), machine=HERE
        )

        assert {each.check for each in drafted.blocking} == {Check.READERS_OWN_LINK}
        places = [each.remedy.removeprefix("take the link out of ") for each in drafted.blocking]
        assert sorted(places) == [
            "society.en",
            "the address line in en",
            "the author of society.en",
            "the closing notice in en",
            "the footer in en",
            "the headline of society.en",
            "the lead of society.en",
            "the opening note in en",
            "the overview title in en",
            "the preheader in en",
            "the subject in en",
        ]
        assert "Secret" not in "".join(map(str, drafted.findings))

    runner.run(scene())


def test_words_about_an_issue_are_in_its_language(database: Database, runner: asyncio.Runner) -> None:
    """Subject, preheader, notes, footer and titles; an address may stand in any."""

    async def scene() -> None:
        russian = "Во вторник министры энергетики двух стран подписали протокол"
        footed = replace(
            WEEKLY,
            footer={ENGLISH: russian},
            address_line={ENGLISH: russian},
            description={ENGLISH: russian},
        )
        room = await Newsroom(database, footed).furnish()
        words = dict.fromkeys(("subject", "preheader", "opening_note", "closing_notices"), russian)

        drafted = await built(room, "Body.", words=words)

        wrong = [each.where for each in drafted.findings if each.check is Check.WRONG_LANGUAGE]
        assert wrong == [
            f"the {name} in en"
            for name in ("subject", "preheader", "opening note", "closing notice", "footer", "description")
        ]

    runner.run(scene())


def test_a_picture_in_a_note_gets_a_remedy_that_works(
    database: Database, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """Nothing but a commentary and a logo is imported with a picture."""

    async def scene() -> None:
        themed = replace(WEEKLY, footer={ENGLISH: "![A map](map.jpg)"}, theme=Theme(logo=PICTURE))
        room = await Newsroom(database, themed).furnish()
        words = {"opening_note": f"![A map](media:{PICTURE})"}

        drafted = await built(room, "![A](map.jpg)", machine=replace(HERE, media=tmp_path), words=words)

        remedies = {each.where: each.remedy for each in drafted.findings if "picture" in each.check}
        elsewhere = "take it out there, and show it in a commentary: only these are imported with pictures"
        assert remedies == {
            "society.en": "put the picture’s file beside the text, name it there, and import both",
            "the opening note in en": elsewhere,
            "the footer in en": elsewhere,
            "newsletter.toml": "run mailer newsletter import newsletter.toml again, with the logo’s file "
            "beside it",
        }

    runner.run(scene())


@pytest.mark.parametrize("key", ["2026-W99", "2026-w46", "2026-11-16", "../../x"])
def test_a_link_with_another_spelling_is_dead(database: Database, runner: asyncio.Runner, key: str) -> None:
    """A page has one address."""

    async def scene() -> None:
        room = await Newsroom(database).furnish()

        assert found(await built(room, f"[Before]({PAGE}/{key})")).keys() == {Check.DEAD_LINK}

    runner.run(scene())


def test_a_picture_that_is_not_there_holds_the_release(
    database: Database, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """Nothing is frozen; when the file is there, the same issue goes."""

    async def scene() -> None:
        room = await Newsroom(database).furnish()
        drafted = await built(room, f"[A map]({LINKS.base}/media/{PICTURE})")
        machine = replace(HERE, media=tmp_path)
        held = await draft.get(database, drafted.issue.id, machine, at=at(BEFORE))
        assert [each.check for each in held.blocking] == [Check.PICTURE_MISSING]
        assert await release(room, drafted, machine) == [Check.PICTURE_MISSING]
        assert await room.standing() == [("2026-W47", "regular", "draft")]

        (tmp_path / PICTURE).write_bytes(b"")

        assert await release(room, drafted, machine) == []
        assert await room.standing() == [("2026-W47", "regular", "released")]

    runner.run(scene())


def test_an_edition_that_mailboxes_cut_off_is_never_frozen(
    database: Database, runner: asyncio.Runner
) -> None:
    """The issue stays a draft without editions; a look at it says the same, with the size."""

    async def scene() -> None:
        room = await Newsroom(database).furnish()
        drafted = await built(room, "A sentence that is as long as any other.\n\n" * 2_500)
        assert drafted.blocking == ()

        inspection = await inspect(database, drafted, LINKS, date=at(RELEASE))
        (held,) = inspection.draft.blocking

        assert await release(room, drafted, HERE) == [Check.HTML_LARGE] == [held.check]
        assert held.where == "en"
        assert await room.standing() == [("2026-W47", "regular", "draft")]
        assert await database.read(lambda tx: editions.of_issue(tx, drafted.issue.id)) == {}

    runner.run(scene())


def test_the_clock_holds_what_a_person_would_be_refused(database: Database, runner: asyncio.Runner) -> None:
    """It says so once, instead of trying in silence until the deadline."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish()
        await write(database, "A sentence that is as long as any other.\n\n" * 2_500)

        with capture_logs() as lines:
            happened = [await room.fire(time) for time in (BEFORE, RELEASE, "2026-11-23 08:01")]

        assert happened == [[], ["built", "reminded"], []]
        (said,) = [line["reason"] for line in lines if line["log_level"] == "warning"]
        assert "“mailer issue check” names it" in said
        assert await room.standing() == [("2026-W47", "regular", "draft")]

        await write(database, "Short.")
        assert await room.fire("2026-11-23 08:02") == ["released"]

    runner.run(scene())


def test_the_clock_waits_for_templates_to_be_mended(
    database: Database, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """A theme that can't be rendered holds the issue and is said once; mended, it goes."""
    theme = tmp_path / WEEKLY.slug / "edition"
    theme.mkdir(parents=True)
    (theme / "subject.txt").write_text("{{ content.nothing }}")

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)

        async def ring(time: str) -> list[str]:
            terms = replace(room.terms(time), themes=Themes(tmp_path))
            return [str(each.happened) for each in await fire(database, AUTOMATIC, terms)]

        assert await ring(RELEASE) == ["built", "reminded"]
        assert await room.standing() == [("2026-W47", "regular", "draft")]
        (held,) = (
            await inspect(
                database,
                await draft.get(database, 1, at=at(BEFORE)),
                LINKS,
                date=at(RELEASE),
                themes=Themes(tmp_path),
            )
        ).draft.blocking
        assert (held.check, "subject.txt" in held.message) == (Check.THEME, True)

        (theme / "subject.txt").unlink()

        assert await ring("2026-11-23 08:01") == ["released"]

    runner.run(scene())


def test_a_machine_that_is_not_ready_holds_the_clock(database: Database, runner: asyncio.Runner) -> None:
    """Its facts reach every release."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        drafted = await built(room, "Body.", machine=ANY_MACHINE)
        lame = Machine("http://127.0.0.1:8080", has_relay=True, leaves_machine=True)

        assert await release(room, drafted, lame) == [Check.LINKS_LEAD_HERE]

    runner.run(scene())


def test_a_look_counts_who_gets_which_edition(database: Database, runner: asyncio.Runner) -> None:
    """And finds nothing wrong with a plain issue."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(reader_count=3)
        drafted = await built(room, "Body.")

        inspection = await inspect(database, drafted, LINKS, date=at(RELEASE))

        (printed,) = inspection.editions
        assert (printed.name, inspection.readers) == ("en", {"en": 3})
        assert 0 < printed.measure.text_bytes < printed.measure.html_bytes < printed.measure.message_bytes
        assert {each.severity for each in inspection.draft.findings} == {Severity.WARNING}

    runner.run(scene())


async def release(room: Newsroom, drafted: Draft, machine: Machine) -> list[Check]:
    """Release an issue by hand; return what held it."""
    try:
        await release_issue(room.database, drafted.issue.id, replace(room.terms(RELEASE), machine=machine))
    except Held as held:
        return [each.check for each in held.findings]
    return []


def test_who_takes_a_break_has_confirmed(database: Database, runner: asyncio.Runner) -> None:
    """Where everybody rests the issue is held for that, and not as if nobody had ever confirmed."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W46)
        await database.write(
            lambda tx: tx.execute(reader.update().values(paused_until=at("2027-01-01 00:00")))
        )

        resting = await built(room, "New.")

        assert found(resting) == {Check.NO_READER: "every reader is taking a break"}

    runner.run(scene())
