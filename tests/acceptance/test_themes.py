"""A newsletter's own templates, from the folder on the server's disk to the reader's mailbox."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from urllib.request import urlopen

import pytest
from PIL import Image
from structlog.testing import capture_logs

from mailer.bootstrap import Service, open_installation
from mailer.bundled import bundled
from mailer.config import load_settings
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from mailer.web.server import listen
from tests.acceptance.commandline import Installed
from tests.acceptance.served import served, until

OURS = bundled("templates/email")
THEMED = "belarus-weekly"


def put(here: Installed, name: str, source: str) -> Path:
    """Write a template of the newsletter's own."""
    file = here.folder / "themes" / THEMED / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, "utf-8")
    return file


def wear(here: Installed) -> None:
    """Give the newsletter a style sheet, a body of the edition and a welcome of its own."""
    put(here, "_base/style.css", ".paper { background-color: #00427a }")
    body = (OURS / "edition" / "body.html").read_text("utf-8")
    put(here, "edition/body.html", body.replace("<!-- content -->", "<p>OWN BODY</p>\n<!-- content -->"))


def break_(here: Installed) -> str:
    """Break its subject; return what is said of it."""
    put(here, "edition/subject.txt", "\n{{ content.titel }}")
    return (
        f"themes/{THEMED}/edition/subject.txt, line 2: EditionContent has no “titel” (did you mean “title”?)"
    )


def test_those_who_look_before_see_it_too(sampled: Installed) -> None:
    """A proof and a preview are made as the release will be."""
    wear(sampled)
    sampled("issue", "build")
    box = Mailbox(sampled.folder / "data" / "outbox")

    assert sampled("issue", "test", "anna@example.org").status == 0

    assert "OWN BODY" in Outbox(box).get(1).html
    assert b"OWN BODY" in sampled("issue", "preview", "--format", "html").out
    assert b"OWN BODY" not in sampled("issue", "preview", "--sample", "--format", "html").out


def ask_for_logo(here: Installed) -> None:
    """Take the # away from the example's line."""
    file = here.folder / "newsletter.toml"
    text = file.read_text("utf-8").replace("# [theme]", "[theme]").replace("# logo =", "logo =")
    file.write_text(text, "utf-8")


def test_a_theme_is_one_newsletters(sampled: Installed) -> None:
    """What it overrides reaches its readers; another newsletter of the same house stays as ours are."""
    wear(sampled)
    text = (sampled.folder / "newsletter.toml").read_text("utf-8")
    (sampled.folder / "other.toml").write_text(text.replace(THEMED, "other-weekly"), "utf-8")
    week = sampled.write_sample()
    for slug in (THEMED, "other-weekly"):
        file = "newsletter.toml" if slug == THEMED else "other.toml"
        assert sampled("newsletter", "import", file).status == 0
        assert sampled("commentary", "import", week, "--newsletter", slug).status == 0
        reader = (f"{slug}@example.org", "--language", "en", "--newsletter", slug)
        assert sampled("reader", "add", *reader, "--confirmed-by-operator").status == 0
        assert sampled("issue", "build", "--newsletter", slug).status == 0
        assert sampled("issue", "release", "--newsletter", slug).status == 0

    box = Mailbox(sampled.folder / "data" / "outbox")
    with served(sampled):
        until(lambda: box.count() == 2)

    outbox = Outbox(box)
    mails = {outbox.get(number).summary.recipients[0]: outbox.get(number).html for number in (1, 2)}
    themed, other = mails[f"{THEMED}@example.org"], mails["other-weekly@example.org"]
    assert "OWN BODY" in themed
    assert "background-color:#00427a" in themed.replace(": ", ":")
    assert "OWN BODY" not in other
    assert "#00427a" not in other


@pytest.mark.parametrize(
    "command", [("newsletter", "import", "newsletter.toml"), ("issue", "preview")], ids=" ".join
)
def test_a_broken_theme_is_told_wherever_it_is_met(sampled: Installed, command: tuple[str, ...]) -> None:
    """File, line and the nearest right name; nothing is stored or printed."""
    sampled("issue", "build")
    expected = break_(sampled)
    before = sampled.dump()

    said = sampled(*command)

    assert said.status == 1
    assert expected in said.refusal()
    assert sampled.dump() == before


def test_a_broken_theme_keeps_no_page_down(sampled: Installed) -> None:
    """The service starts, for readers must be able to leave; the log says the fault."""
    put(sampled, "README.md", "How we made this")

    async def scene() -> None:
        settings = load_settings(sampled.folder / "mailer.toml")
        with listen("127.0.0.1", 0) as on, capture_logs() as log:
            async with open_installation(settings) as here, Service(here).running(on), asyncio.timeout(20):
                with await asyncio.to_thread(urlopen, "http://{}:{}/en/".format(*on.getsockname())) as page:
                    assert page.status == 200
                while not any(each["event"] == "theme.holds_issues" for each in log):  # noqa: ASYNC110 - a log tells nobody
                    await asyncio.sleep(0.05)
        (said,) = [each["reason"] for each in log if each["event"] == "theme.holds_issues"]
        assert f"themes/{THEMED}/README.md: no mail uses this file" in said

    asyncio.run(scene())


def test_a_broken_theme_holds_the_issue(sampled: Installed) -> None:
    """The check says all faults before the release meets the first."""
    sampled("issue", "build")
    expected = break_(sampled)
    put(sampled, "edition/bodi.html", "")

    checked = sampled("issue", "check", "--json")

    findings = [each for each in checked.json["findings"] if each["severity"] == "blocking"]
    assert checked.status == 1
    assert [each["code"] for each in findings] == ["no-reader", "theme"]
    assert f"themes/{THEMED}/edition/bodi.html: no mail uses this file" in findings[1]["message"]
    (sampled.folder / "themes" / THEMED / "edition" / "bodi.html").unlink()
    assert expected in sampled("issue", "check").out.decode()


def test_a_release_that_meets_a_broken_theme_is_undone(sampled: Installed) -> None:
    """Nothing is frozen; the draft is released once the theme is mended."""
    sampled("reader", "add", "anna@example.org", "--language", "en", "--confirmed-by-operator")
    sampled("issue", "build")
    expected = break_(sampled)

    failed = sampled("issue", "release")

    assert failed.status == 1
    assert expected in failed.err
    assert sampled("issue", "show", "--json").json["state"] == "draft"
    frozen = ('INSERT INTO "edition"', 'INSERT INTO "delivery"')
    assert not [line for line in sampled.dump() if line.startswith(frozen)]
    shutil.rmtree(sampled.folder / "themes")
    assert sampled("issue", "release", "--json").json["state"] == "released"


def test_a_stray_folder_is_told_at_the_start(installed: Installed) -> None:
    """A slug misspelt costs nothing but a warning: the mails are ours."""
    put(installed, "edition/subject.txt", "own")
    (installed.folder / "themes" / THEMED).rename(installed.folder / "themes" / "belarus-weekyl")

    with served(installed):
        pass

    warning = f"Warning: themes/belarus-weekyl belongs to no newsletter (did you mean “{THEMED}”?), so its"
    assert warning in (installed.folder / "serve.log").read_text("utf-8")


def test_a_logo_is_stored_shown_and_exported(sampled: Installed) -> None:
    """Import takes the file beside newsletter.toml; export names the picture, and imports as the same."""
    ask_for_logo(sampled)
    Image.new("RGB", (700, 200), "#00427a").save(sampled.folder / "logo.png")

    assert sampled("newsletter", "import", "newsletter.toml", "--json").json["changed"]

    (stored,) = (sampled.folder / "data" / "media").glob("*-420x120.png")
    exported = sampled("newsletter", "export").out
    assert f'logo = "media:{stored.name}"' in exported.decode()
    (sampled.folder / "exported.toml").write_bytes(exported)
    for each in ("exported.toml", "newsletter.toml"):
        assert not sampled("newsletter", "import", each, "--json").json["changed"]
    sampled("issue", "build")
    assert f"/media/{stored.name}" in sampled("issue", "preview", "--format", "html").out.decode()


def test_a_logo_that_is_not_there_stores_nothing(installed: Installed) -> None:
    """The line is told, as for any mistake in the file."""
    ask_for_logo(installed)
    before = installed.everything()

    said = installed("newsletter", "import", "newsletter.toml")

    assert said.refusal().endswith(
        "theme.logo “logo.png” is not there; save it beside this file, or correct the name"
    )
    assert installed.everything() == before
