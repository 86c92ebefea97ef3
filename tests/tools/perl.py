"""Another's eyes on our mails: SpamAssassin and Mail::DKIM, which small programs of ours in Perl call."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools.catalogue import cache_folder, tool
from tests.tools.required import required

_PROGRAMS = Path(__file__).parent
_MOST_S = 120.0

# Bayes and the networks that others learn from would judge by what a test machine saw before; lists of
# senders and links know nothing of example.org. Everything else is as Debian brings it.
_CONFIGURATION = """\
dns_available yes
dns_server [127.0.0.1]:{port}
skip_rbl_checks 1
use_bayes 0
use_razor2 0
use_pyzor 0
use_dcc 0
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What SpamAssassin says of a message.

    Attributes:
        points: 5 and more are spam, if nobody says otherwise.
        rules: those that hit, with their points.
    """

    points: float
    rules: Mapping[str, float]


def spamassassin(messages: Sequence[bytes], dns_port: int) -> list[Verdict]:
    """Have SpamAssassin judge messages, with every rule of Debian's package and a name server of ours.

    Args:
        messages: as they were delivered, CRLF line ends.
        dns_port: of the name server on 127.0.0.1.

    Returns:
        A verdict for each, in their order.
    """
    with tempfile.TemporaryDirectory(prefix="spamassassin-") as name:
        configuration = Path(name) / "configuration"
        shutil.copytree(_brought("etc/spamassassin"), configuration, ignore=shutil.ignore_patterns("*.d"))
        (configuration / "local.cf").write_text(_CONFIGURATION.format(port=dns_port), "utf-8")
        rules = _brought("usr/share/spamassassin")
        said = _run("spamassassin.pl", str(rules), str(configuration), f"{name}/state", messages=messages)
    return [_verdict(line) for line in said]


def mail_dkim(messages: Sequence[bytes], dns_port: int) -> list[str]:
    """Have Mail::DKIM verify messages.

    Args:
        messages: CRLF line ends.
        dns_port: of the name server on 127.0.0.1.

    Returns:
        ``pass``, ``fail``, ``invalid`` or ``none`` for each, in their order.
    """
    return _run("mail_dkim.pl", str(dns_port), messages=messages)


def _run(program: str, *arguments: str, messages: Sequence[bytes]) -> list[str]:
    """Return the lines that a program of ours printed, one per message."""
    perl = required(tool("perl-of-spamassassin"))
    with tempfile.TemporaryDirectory(prefix="mails-") as folder:
        places = [Path(folder) / f"{number:04}" for number in range(len(messages))]
        for place, message in zip(places, messages, strict=True):
            place.write_bytes(message)
        ended = subprocess.run(
            [perl, _PROGRAMS / program, *arguments, *places],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_MOST_S,
            check=False,
        )
    lines = ended.stdout.splitlines()
    if ended.returncode != 0 or len(lines) != len(messages):
        raise RuntimeError(f"{program} ended with status {ended.returncode}: {ended.stderr.strip()}")
    return lines


def _brought(folder: str) -> Path:
    """Return a folder that came with SpamAssassin's package."""
    required(tool("perl-of-spamassassin"))
    places = (top / folder for top in (cache_folder() / "debian", Path("/")))
    return next(place for place in places if place.is_dir())


def _verdict(line: str) -> Verdict:
    """Read ``1.1 DKIM_SIGNED=0.1 MIXED_ES=1``."""
    points, *rules = line.split()
    named = (rule.split("=") for rule in rules)
    return Verdict(float(points), {name: float(score) for name, score in named})
