"""``mailer init``: asks little, shows what it will write, writes all of it or nothing, says what is next."""

from __future__ import annotations

import os
import re
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mailer.config import load_settings
from mailer.editorial.newsletter_file import parse_newsletter_file
from tests.acceptance.commandline import MAILER, CommandLine, Installed

PASSWORD = re.compile(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}")
SECTIONS = ("[site]", "[database]", "[relay]", "[dkim]", "[sending]")
NOBODY = "mailer: nobody is at a terminal to answer, so nothing was done; add --yes to be asked nothing"
ANSWERS = {
    "--public-url": "https://news.example.org/",
    "--listen": "127.0.0.1:9090",
    "--sender": "week@news.example.org",
    "--zone": "Europe/Vilnius",
    "--relay": "smtp.example.org:465",
    "--operator": "Аня",
}


@contextmanager
def typed(text: str) -> Iterator[Path]:
    """Yield a terminal at which *text* has been typed."""
    ours, theirs = os.openpty()
    try:
        os.write(ours, text.encode())
        yield Path(os.ttyname(theirs))
    finally:
        os.close(ours)
        os.close(theirs)


def ask(folder: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "data" / "mailer.db")) as database:
        return database.execute(question).fetchall()


def flat(answers: dict[str, str]) -> list[str]:
    return [word for pair in answers.items() for word in pair]


def test_every_answer_is_an_option(mailer: CommandLine, tmp_path: Path) -> None:
    """Both files are read back as they were asked for; answers of readers go to the sender."""
    folder = tmp_path / "news"

    ran = mailer("init", folder, "--yes", *flat(ANSWERS))

    settings = load_settings(folder)
    described = parse_newsletter_file((folder / "newsletter.toml").read_bytes(), place="newsletter.toml")
    assert ran.status == 0, ran
    assert (settings.site.public_url, settings.site.listen) == ("https://news.example.org", "127.0.0.1:9090")
    assert (settings.relay.host, settings.relay.port, settings.relay.tls) == ("smtp.example.org", 465, "tls")
    assert (described.sender, described.zone) == ("week@news.example.org", "Europe/Vilnius")
    assert set(described.reply_to.values()) == {"week@news.example.org"}
    assert ask(folder, "SELECT name FROM operator") == [("Аня",)]
    assert (
        "https://news.example.org, served on 127.0.0.1:9090; mail goes to smtp.example.org"
        in ran.out.decode()
    )


def test_what_it_says_is_enough_to_go_on(mailer: CommandLine, tmp_path: Path) -> None:
    """The password once, the two files to copy away and why, and exactly three commands, which work."""
    folder = tmp_path / "a folder"

    said = mailer("init", folder, "--yes").out.decode()

    assert len(PASSWORD.findall(said)) == 1
    assert f"{folder}/data/keys/vault.keys\n  {folder}/data/keys/tokens.keys" in said
    assert "whoever loses them loses the readers" in said
    assert said.endswith(
        f"Next:\n  cd '{folder}'\n  mailer newsletter import newsletter.toml\n  mailer serve\n"
    )
    assert mailer("newsletter", "import", "newsletter.toml", folder=folder).status == 0


def test_in_the_folder_itself_nobody_has_to_go_there(mailer: CommandLine, tmp_path: Path) -> None:
    """Three commands all the same."""
    said = mailer("init", "--yes", "--sample", folder=tmp_path).out.decode()

    assert said.endswith("Next:\n  mailer issue build\n  mailer serve\n  mailer schedule\n")


def test_a_password_from_standard_input_is_not_printed(mailer: CommandLine, tmp_path: Path) -> None:
    """It is taken as it stands, without its line end."""
    (tmp_path / "password").write_text("twelve letters\n")

    ran = mailer("init", tmp_path / "news", "--yes", "--password-stdin", stdin=tmp_path / "password")

    assert ran.status == 0
    assert "twelve letters" not in ran.out.decode() + ran.err
    assert not PASSWORD.search(ran.out.decode())
    assert [name for (name,) in ask(tmp_path / "news", "SELECT name FROM operator")] == ["desk"]


def test_at_a_terminal_it_asks_five_things_and_shows_before_it_writes(
    mailer: CommandLine, tmp_path: Path
) -> None:
    """Enter takes what is proposed; a wrong answer is explained and asked again."""
    answers = ["", "", "me", "me@example.org", "Warsaw", "Europe/Warsaw", "", "y"]
    with typed("".join(f"{answer}\n" for answer in answers)) as terminal:
        ran = mailer("init", tmp_path / "news", stdin=terminal)

    said = ran.out.decode()
    assert ran.status == 0, ran
    assert said.index("To be written into") < said.index("Write this?") < said.index("Written into")
    assert "sender is not a mail address; write nothing but the address" in said
    assert "zone “Warsaw” is not known (did you mean “Europe/Warsaw”?)" in said
    assert tomllib.loads((tmp_path / "news/newsletter.toml").read_text())["sender"] == "me@example.org"


def test_without_a_terminal_it_asks_nothing(mailer: CommandLine, tmp_path: Path) -> None:
    """Whatever comes on standard input is no answer: one sentence, and nothing is written."""
    (tmp_path / "words").write_text("y\nperhaps\n")

    ran = mailer("init", tmp_path / "news", stdin=tmp_path / "words")

    assert ran.refusal() == NOBODY.removeprefix("mailer: ")
    assert (ran.status, ran.out) == (1, b"")
    assert not (tmp_path / "news").exists()


def test_an_option_is_not_asked_for(mailer: CommandLine, tmp_path: Path) -> None:
    """With every answer given, only the last word is a person's."""
    with typed("n\n") as terminal:
        ran = mailer("init", tmp_path / "news", *flat(ANSWERS), stdin=terminal)

    assert (ran.status, ran.err) == (1, "mailer: nothing was written\n")
    assert ran.out.decode().count("?") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_sample_has_two_weeks_of_texts(sampled: Installed) -> None:
    """They are of the last two weeks that have ended, and the installation knows that it is a sample."""
    weeks = ask(sampled.folder, "SELECT count(*), count(DISTINCT period) FROM commentary")
    built = sampled("issue", "build", "--json").json

    assert ask(sampled.folder, "SELECT is_sample FROM installation") == [(1,)]
    assert weeks == [(10, 2)]
    assert built["week"] == sampled.week
    assert sampled("newsletter", "import", "newsletter.toml").out == b"belarus-weekly: nothing changed\n"


def test_a_sample_takes_its_answers_too(mailer: CommandLine, tmp_path: Path) -> None:
    """What is stored is what the file says."""
    mailer("init", "--yes", "--sample", *flat(ANSWERS), folder=tmp_path)

    exported = mailer("newsletter", "export", folder=tmp_path).out

    written = (tmp_path / "newsletter.toml").read_bytes()
    assert parse_newsletter_file(exported, place="") == parse_newsletter_file(written, place="")


def test_an_installation_without_a_sample_is_none(installed: Installed) -> None:
    """Nothing is held back on this machine later on."""
    assert ask(installed.folder, "SELECT is_sample FROM installation") == [(0,)]


@pytest.mark.parametrize("name", ["mailer.toml", "newsletter.toml"])
def test_each_line_is_commented(template: Installed, name: str) -> None:
    """Above each key, or above the table or list of topics it is in, stands what it is for."""
    lines = (template.folder / name).read_text().splitlines()
    keys = [at for at, line in enumerate(lines) if re.match(r"[\w.]+ = ", line)]

    uncommented = []
    for at in keys:
        above = at - 1
        # A table's keys and a pair that belongs together share one comment.
        while lines[above] and not lines[above].startswith("#") and lines[above] not in SECTIONS:
            above -= 1
        if not lines[above].startswith("#"):
            uncommented.append(lines[at])

    assert keys
    assert uncommented == []


def test_every_key_of_a_newsletter_is_shown(template: Installed) -> None:
    """Nobody has to look elsewhere for what may be written."""
    text = (template.folder / "newsletter.toml").read_text()

    keys = """slug languages zone period release unknown sender schedule.build schedule.release
        schedule.deadline [title] [overview_title] [description] [sender_name] [reply_to] [missing]
        [[topic]] position active_from active_until required"""
    assert [key for key in keys.split() if key not in text] == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ("--zone Europe/Minks", 2, "--zone: zone “Europe/Minks” is not known (did you mean “Europe/Minsk”?)"),
        ("--zone Mars", 2, "--zone: zone “Mars” is not known"),
        ("--zone=", 2, "--zone: zone is missing; write zone ="),
        (
            "--public-url news.example.org",
            2,
            "--public-url: “news.example.org” is not a web address; write it",
        ),
        ("--public-url https://", 2, "--public-url: “https://” is not a web address"),
        ("--public-url https://a.example.org/?x", 2, "is not a web address"),
        (
            "--relay smtp.example.org",
            2,
            "public_url is http://127.0.0.1:8080, so readers’ addresses and links",
        ),
        (
            "--public-url http://news.example.org --relay smtp.example.org",
            2,
            "would cross the network in the clear; put a web server with https in front",
        ),
        ("--relay smtp.example.org:port", 2, "the outgoing mail server is written as HOST:PORT"),
        ("--relay smtp.example.org:0", 2, "the outgoing mail server is written as HOST:PORT"),
        ("--relay https://smtp.example.org:25", 2, "is not the name of a server"),
        ("--listen 8080", 2, "--listen: “8080” is not HOST:PORT; write it as 127.0.0.1:8080"),
        ("--listen 127.0.0.1:99999", 2, "is not HOST:PORT"),
        ("--sender me", 2, "--sender: sender is not a mail address; write nothing but the address"),
        ("--sender Me<me@example.org>", 2, "--sender: sender is not a mail address"),
        ("--sender=", 2, "--sender: sender is missing"),
        ("--operator=", 2, "--operator: an operator's name has 1 to 64 letters; write it as “anna”"),
        (f"--operator {'a' * 65}", 2, "an operator's name has 1 to 64 letters"),
        ("--password-stdin", 2, "no password came on standard input; write it there, in one line"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named(
    mailer: CommandLine, tmp_path: Path, arguments: str, status: int, said: str
) -> None:
    """One sentence, and nothing is written."""
    ran = mailer("init", tmp_path / "news", "--yes", *arguments.split())

    assert said in ran.refusal()
    assert ran.status == status
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "a password has at least 12 characters; choose a longer one"),
        ("x" * 201, "a password has at most 200 characters; choose a shorter one"),
        ("", "no password came on standard input"),
        ("\nsecond line of the file", "no password came on standard input"),
    ],
)
def test_a_password_that_cannot_be_used_is_refused(
    mailer: CommandLine, tmp_path: Path, password: str, said: str
) -> None:
    """It does not stand in the refusal."""
    (tmp_path / "password").write_text(password)

    ran = mailer("init", tmp_path / "news", "--yes", "--password-stdin", stdin=tmp_path / "password")

    assert said in ran.refusal()
    assert password.strip() == "" or password not in ran.err
    assert not (tmp_path / "news").exists()


def test_standard_input_is_a_password_or_an_answer(mailer: CommandLine, tmp_path: Path) -> None:
    """Not both."""
    ran = mailer("init", tmp_path / "news", "--password-stdin")

    assert "--password-stdin takes standard input, so nobody can be asked; add --yes" in ran.refusal()


def test_with_standard_input_closed_nothing_is_written(mailer: CommandLine, tmp_path: Path) -> None:
    """As cron or a careless script starts us."""
    news = tmp_path / "news"

    command = f"exec '{MAILER}' init '{news}' <&- 2> '{tmp_path}/said' > '{tmp_path}/out'"
    started = mailer.shell("sh", "-c", command)

    assert started == 1
    assert (tmp_path / "said").read_text() == f"{NOBODY}\n"
    assert not news.exists()


def test_the_database_of_another_installation_is_not_taken(installed: Installed, tmp_path: Path) -> None:
    """Its readers can't be opened with new keys."""
    there = f"sqlite:///{installed.folder / 'data' / 'mailer.db'}"
    before = installed.dump()

    ran = installed("init", tmp_path / "new", "--yes", environment={"MAILER_DATABASE__URL": there})

    assert "belongs to another installation; name an empty one" in ran.refusal()
    assert installed.dump() == before
    assert not (tmp_path / "new").exists()
