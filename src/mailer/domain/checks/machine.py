"""What the machine an issue goes out from must have: an address readers can open, and a signature.

The facts come in as a value, because settings and keys are read in other rooms.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mailer.domain.alignment import is_aligned
from mailer.domain.finding import Check, Finding, blocking, warning

# RFC 2606 §2 and §3: nobody's, and theirs says that it sends no mail.
_EXAMPLES = ("example.org", "example.net", "example.com", "example", "invalid", "test", "localhost")


@dataclass(frozen=True, slots=True)
class Machine:
    """What checks know of the machine; as it stands here, nothing.

    Attributes:
        public_url: what links in mails begin with, without a slash at its end; empty: no link is ours.
        media: where pictures lie; None: they are not looked for.
        has_relay: whether an outgoing mail server is set, so that mail is not kept here.
        leaves_machine: whether that server is another machine's.
        signs_as: the domain we sign as; empty where the outgoing server signs.
        signing_problem: why we can't sign although we are to, with the next step; else empty.
    """

    public_url: str = ""
    media: Path | None = None
    has_relay: bool = False
    leaves_machine: bool = False
    signs_as: str = ""
    signing_problem: str = ""


ANY_MACHINE: Final = Machine()
"""One of which nothing is known."""


def unready_machine(machine: Machine, sender: str) -> list[Finding]:
    """Say what the machine lacks for mail from *sender*."""
    return [*_unsigned(machine, sender), *_unreachable(machine, sender)]


def stays_here(machine: Machine) -> list[Finding]:
    """Say that a release would be a rehearsal; no fault, so it is said only where somebody asks."""
    if machine.has_relay:
        return []
    return [
        warning(
            Check.STAYS_HERE,
            "no outgoing mail server is set, so a release would be a rehearsal into the outbox",
            "write host in [relay] of mailer.toml before readers are to get it",
        )
    ]


def _unsigned(machine: Machine, sender: str) -> list[Finding]:
    if machine.signing_problem:
        return [blocking(Check.NOT_SIGNED, "mail can’t be signed", machine.signing_problem)]
    if machine.signs_as and not is_aligned(machine.signs_as, sender):
        theirs = sender.rpartition("@")[2]
        return [
            blocking(
                Check.NOT_SIGNED,
                f"our signature is {machine.signs_as}’s and does not count for a sender at {theirs}",
                f'write domain = "{theirs}" in [dkim] of mailer.toml, or another sender in newsletter.toml',
            )
        ]
    return []


def _unreachable(machine: Machine, sender: str) -> list[Finding]:
    if not machine.leaves_machine:
        return []
    found = []
    said = f"[site] public_url is {machine.public_url}"
    if is_loopback(machine.public_url):
        found.append(
            blocking(
                Check.LINKS_LEAD_HERE,
                f"{said}, so every link leads readers to their own machine",
                "write the site’s address there, as https://news.example.org",
            )
        )
    elif urlsplit(machine.public_url).scheme != "https":
        found.append(
            warning(
                Check.LINKS_IN_THE_CLEAR,
                f"{said}, so whoever watches the network sees what readers open",
                "put a web server with https in front (docs/deploy.md) and write its address there",
            )
        )
    if _is_example(sender):
        found.append(
            warning(
                Check.SENDER_IS_EXAMPLE,
                "the newsletter’s sender has an address of examples, and no mailbox takes its mail",
                "write an address of your own domain as sender in newsletter.toml, and import it",
            )
        )
    return found


def is_loopback(url: str) -> bool:
    """Tell whether *url* leads to the machine of whoever opens it."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _is_example(sender: str) -> bool:
    domain = sender.rpartition("@")[2].lower()
    return any(domain == each or domain.endswith(f".{each}") for each in _EXAMPLES)
