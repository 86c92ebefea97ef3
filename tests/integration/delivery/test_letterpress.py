"""A Letter goes out in its newsletter's own form, and in ours before it would not go out."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailer.delivery.letterpress import Letterpress
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.editorial.sample import sample_newsletter
from mailer.rendering.theme_check import theme_problems
from mailer.rendering.theme_folder import Themes
from tests.integration.delivery.house import LINKS
from tests.tools.scarcity import starting_nothing

BE = Language.BELARUSIAN
# One language renders sooner.
NEWSLETTER = replace(sample_newsletter(), languages=(BE,))
OTHER = replace(NEWSLETTER, slug="other-weekly")


@pytest.fixture
def press(tmp_path: Path) -> Letterpress:
    return Letterpress(LINKS, Themes(tmp_path))


def put(press: Letterpress, source: str, name: str = "body.txt") -> None:
    """Write the newsletter's own text, or another part, of the request to confirm."""
    assert press.themes.folder is not None
    file = press.themes.folder / NEWSLETTER.slug / "confirm" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, "utf-8")


def says(press: Letterpress, *words: str) -> list[bool]:
    """Tell which of *words* the request to confirm says, after a look at the disk."""
    asyncio.run(press.prepare([NEWSLETTER, OTHER]))
    said = b"".join(press.skeleton(LetterKind.CONFIRM, NEWSLETTER, BE).literals)
    return [each.encode() in said for each in words]


def test_a_letter_has_its_newsletters_own_form(press: Letterpress) -> None:
    """And the other newsletter's has ours."""
    put(press, "OWN {{ content.action_url }}")

    assert says(press, "OWN ") == [True]
    assert b"OWN " not in b"".join(press.skeleton(LetterKind.CONFIRM, OTHER, BE).literals)


def test_what_confirms_several_newsletters_names_them_in_our_form(press: Letterpress) -> None:
    """Own templates were made for one name; the mail for one keeps them."""
    put(press, "OWN {{ content.action_url }}")
    assert says(press, "OWN ") == [True]

    said = b"".join(press.skeleton(LetterKind.CONFIRM, NEWSLETTER, BE, titles=("One", "Two")).literals)

    assert b"OWN " not in said
    assert b"One, Two" in said
    assert says(press, "OWN ") == [True]


def test_a_reader_of_another_newsletters_language_gets_the_first_here(press: Letterpress) -> None:
    """Their language is that of what they get elsewhere; the mail must go out all the same."""
    in_russian = press.skeleton(LetterKind.CONFIRM, NEWSLETTER, Language.RUSSIAN)

    assert in_russian == press.skeleton(LetterKind.CONFIRM, NEWSLETTER, BE)


def test_a_change_on_the_disk_is_taken_at_the_next_letter(press: Letterpress) -> None:
    """New, changed and gone, without a restart."""
    seen = [says(press, "OWN ONE", "OWN TWO")]
    put(press, "OWN ONE {{ content.action_url }}")
    seen.append(says(press, "OWN ONE", "OWN TWO"))
    put(press, "OWN TWO, longer {{ content.action_url }}")
    seen.append(says(press, "OWN ONE", "OWN TWO"))
    shutil.rmtree(press.themes.folder / NEWSLETTER.slug)  # type: ignore[operator]
    seen.append(says(press, "OWN ONE", "OWN TWO"))

    assert seen == [[False, False], [True, False], [False, True], [False, False]]


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("body.txt", "OWN {{ nobody }}", "confirm/body.txt, line 1: 'nobody' is undefined"),
        ("body.txt", "OWN without a link", "shows the reader's own link 0 times"),
        ("subject.txt", "OWN\0", "confirm/subject.txt makes a subject with the sign U+0000"),
        ("subject.txt", "OWN{{ '\x1b[2J' }}", "confirm/subject.txt makes a subject with the sign U+001B"),
    ],
)
def test_a_broken_theme_loses_no_letter(press: Letterpress, name: str, source: str, reason: str) -> None:
    """The form is ours, and the log says why: once, until the theme changes."""
    put(press, source, name)

    with capture_logs() as log:
        said = [says(press, "OWN") for _ in range(3)]

    assert said == [[False]] * 3
    (line,) = log
    assert (line["event"], line["newsletter"]) == ("letterpress.theme_not_used", NEWSLETTER.slug)
    assert reason in line["reason"]


def test_a_theme_that_cant_be_read_loses_no_letter(press: Letterpress) -> None:
    """A link that leads nowhere is a broken theme too."""
    put(press, "OWN {{ content.action_url }}")
    (press.themes.folder / NEWSLETTER.slug / "style.css").symlink_to("nowhere")  # type: ignore[operator]

    with capture_logs() as log:
        said = [says(press, "OWN") for _ in range(2)]

    assert said == [[False]] * 2
    assert [line["event"] for line in log] == ["letterpress.theme_not_used"]


@pytest.mark.parametrize("odd", ["pipe", "device"])
def test_a_theme_with_a_pipe_or_a_device_waits_for_nothing(press: Letterpress, odd: str) -> None:
    """Whoever opened it to read would never come back; it is refused before."""
    put(press, "OWN {{ content.action_url }}")
    file = press.themes.folder / NEWSLETTER.slug / "style.css"  # type: ignore[operator]
    if odd == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")

    with capture_logs() as log:
        assert says(press, "OWN") == [False]
        (problem,) = theme_problems(press.themes, NEWSLETTER)

    assert str(problem).endswith(f"{NEWSLETTER.slug}/style.css is no file; take it away")
    assert log[0]["reason"].endswith("is no file; take it away")


def test_a_machine_that_starts_no_process_loses_no_letter(press: Letterpress) -> None:
    """Ours go until it does; then the newsletter's own form is taken, though no file has changed."""
    put(press, "OWN {{ content.action_url }}")

    async def scene() -> None:
        with starting_nothing():
            await press.prepare([NEWSLETTER])
            await press.prepare([NEWSLETTER])

    with capture_logs() as log:
        asyncio.run(scene())

    assert b"OWN " not in b"".join(press.skeleton(LetterKind.CONFIRM, NEWSLETTER, BE).literals)
    assert says(press, "OWN ") == [True]
    (line,) = log
    assert "no process could be started" in line["reason"]


def test_what_was_not_prepared_is_in_our_form(press: Letterpress) -> None:
    """A newsletter that changed between two looks."""
    put(press, "OWN {{ content.action_url }}")
    asyncio.run(press.prepare([NEWSLETTER]))
    changed = replace(NEWSLETTER, sender="other@example.org")

    assert b"OWN " not in b"".join(press.skeleton(LetterKind.CONFIRM, changed, BE).literals)


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("language", Language)
def test_a_discreet_letter_tells_nothing_at_a_glance(kind: LetterKind, language: Language) -> None:
    """Plain text under a neutral name and subject; the newsletter is named first far below the preview."""
    newsletter = sample_newsletter()
    press = Letterpress(LINKS)

    shown = b"".join(press.skeleton(kind, newsletter, language, is_discreet=True).literals)

    mail = email.message_from_bytes(shown, policy=email.policy.default)
    assert mail.get_content_type() == "text/plain"
    seen = f"{mail['From'].addresses[0].display_name} {mail['Subject']} {mail.get_content()[:150]}"
    words = (newsletter.title[language], newsletter.heading(language), "Беларус", "Belarus")
    assert [word for word in words if word in seen] == []
