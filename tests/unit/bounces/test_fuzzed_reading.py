"""The reader of returned mail says something of any bytes: nobody can stop it by mailing nonsense."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mailer.bounces.message import MAX_BYTES, open_message
from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply_class import Hardness
from mailer.domain.returned_mail import MailKind
from tests.tools.bounces_score import samples_folder
from tests.tools.mutation import mutated

_OWN = Path(__file__).parents[2] / "samples" / "bounces"


def test_no_mutated_report_makes_the_reader_raise() -> None:
    """5,000 reports that were changed at random are read; only bounces are ever judged hard."""
    folders = [_OWN, *([folder / "messages"] if (folder := samples_folder()) else [])]
    seeds = [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.eml"))]

    for raw in mutated(seeds, 5_000, seed=8):
        mail = read_report(raw)
        verdicts = {judge_notice(notice, mail.kind).verdict for notice in mail.notices}
        assert mail.kind is MailKind.BOUNCE or verdicts <= {Hardness.NONE}


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read(raw: bytes) -> None:
    """Bytes that are no message at all are somebody's mail."""
    assert read_report(raw).kind in MailKind


@given(st.text(max_size=500), st.sampled_from(("From", "Subject", "Content-Type", "Auto-Submitted")))
def test_any_header_is_read(value: str, name: str) -> None:
    """A header may hold any letters, and encoded-words that decode to none."""
    raw = f"{name}: {value}\nSubject: =?utf-8?b?{value}?=\n\n{value}".encode("utf-8", "surrogatepass")

    assert read_report(raw).kind in MailKind


def test_a_million_parts_are_not_opened() -> None:
    """A multipart of a million parts is cut off after a hundred."""
    bomb = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1_000_000

    assert len(open_message(bomb).parts) <= 100
    assert read_report(bomb).kind is MailKind.HUMAN


def test_endless_nesting_ends() -> None:
    """Multiparts in multiparts are followed ten deep, without recursion."""
    bomb = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(20_000))

    assert len(open_message(bomb).parts) == 1


def test_what_is_huge_is_cut() -> None:
    """Of a message of 30 MB the first megabyte is looked at, of a part 200 kB."""
    bomb = b"From: MAILER-DAEMON\nSubject: failure notice\n\n" + b"A" * 30_000_000

    assert sum(len(part.body) for part in open_message(bomb).parts) <= MAX_BYTES
    assert read_report(bomb).kind is MailKind.BOUNCE


def test_an_archive_is_not_unpacked() -> None:
    """A packed report is a report by its name; nobody looks inside."""
    raw = (
        b"From: tls@example.com\nSubject: x\nContent-Type: application/tlsrpt+gzip\n"
        b"Content-Transfer-Encoding: base64\n\nH4sIAAAAAAAA\n"
    )

    assert read_report(raw).kind is MailKind.STATISTICS


def test_letters_of_an_unknown_charset_are_read_as_they_can() -> None:
    """An unknown, untrue or harmful charset costs no more than some letters."""
    for charset in (
        "x-unknown",
        "x\0y",
        "ascii; charset*=utf-8''x",
        "us-ascii",
        "punycode",
        "utf-16",
        "a\\0b",
        "zlib_codec",
        "",
    ):
        raw = f"From: MAILER-DAEMON\nContent-Type: text/plain; charset={charset}\n\nжаль ÿ".encode()
        assert read_report(raw).kind is MailKind.BOUNCE


def test_a_parameter_with_a_charset_of_its_own_is_read() -> None:
    """RFC 2231 parameters, and what looks like them, before a body that no blank line divides off."""
    for parameter in (
        "charset*=utf-16''%ff",
        "boundary*=x\0y''b",
        "boundary*0*=punycode''%ff",
        "charset*=''",
        "charset*0=a; charset*=b",
        "boundary*0=a; boundary*=b",
        "report-type*0=a; report-type*=b",
    ):
        raw = f"From: MAILER-DAEMON\nContent-Type: multipart/mixed; {parameter}\nжаль, no field".encode()
        assert read_report(raw).kind is MailKind.BOUNCE
