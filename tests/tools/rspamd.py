"""Another's eyes on our mails: rspamd, which many mail servers ask before they take one."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tools.catalogue import cache_folder, tool
from tests.tools.required import required

_START_S = 30.0
_ANSWER_S = 20.0

# Lists on the network, and what was learnt from others' mails: they know nothing of example.org. Statistics
# and neural networks need a Redis server and are off without one. Everything else is as Debian brings it.
_OFF = ("rbl", "surbl", "fuzzy_check", "asn")
# Its compiler takes seconds for the thousands of suffixes that Debian brings; a mail of ours has these.
_SUFFIXES = "com\nnet\norg\n"
_CONFIGURATION = """\
.include "$CONFDIR/common.conf"
options {{
    .include "$CONFDIR/options.inc"
    .include(priority=1,duplicate=merge) "$LOCAL_CONFDIR/options.inc"
}}
logging {{ type = "console"; level = "warning"; color = false; }}
worker "controller" {{ bind_socket = "127.0.0.1:{port}"; count = 1; secure_ip = ["127.0.0.1"]; }}
"""
_OPTIONS = """\
dns {{ nameserver = ["127.0.0.1:{dns_port}"]; }}
disable_hyperscan = true;
url_tld = "{folder}/suffixes";
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """A symbol that rspamd put on a message.

    Attributes:
        points: what it adds; 15 together are refused, if nobody says otherwise.
        groups: where it belongs, as ``headers`` or ``policies``; most are in one.
    """

    points: float
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rspamd:
    """A running rspamd.

    Attributes:
        port: where it answers over HTTP, on 127.0.0.1.
        groups: of every symbol it knows.
    """

    port: int
    groups: Mapping[str, frozenset[str]]

    def findings(self, message: bytes, envelope: Mapping[str, str]) -> dict[str, Finding]:
        """Return what it finds in a message, by symbol.

        Args:
            message: as it comes in, CRLF line ends.
            envelope: what the mail server knows beside it: ``IP``, ``Helo``, ``Hostname``, ``From``,
                ``Rcpt``, ``TLS-Version``.
        """
        said = _ask(self.port, "/checkv2", message, envelope)
        return {
            symbol: Finding(found["score"], self.groups.get(symbol, frozenset()))
            for symbol, found in said["symbols"].items()
        }


@contextmanager
def running_rspamd(dns_port: int) -> Iterator[Rspamd]:
    """Run rspamd on a free loopback port until the block ends.

    Args:
        dns_port: of the name server on 127.0.0.1 that it asks.
    """
    program = required(tool("rspamd"))
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="rspamd-") as name:
        folder = Path(name)
        _configure(folder, port, dns_port)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "--no-fork", "--insecure", "-c", folder / "rspamd.conf", *_places(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            _wait_until_up(port, process, folder / "log")
            yield Rspamd(port, _groups(port))
        finally:
            process.terminate()
            process.wait(_START_S)


def _configure(folder: Path, port: int, dns_port: int) -> None:
    (folder / "local.d").mkdir()
    for module in _OFF:
        (folder / "local.d" / f"{module}.conf").write_text("enabled = false;\n", "utf-8")
    (folder / "suffixes").write_text(_SUFFIXES, "utf-8")
    (folder / "options.inc").write_text(_OPTIONS.format(dns_port=dns_port, folder=folder), "utf-8")
    (folder / "rspamd.conf").write_text(_CONFIGURATION.format(port=port), "utf-8")


def _places(folder: Path) -> Iterator[str]:
    """Say where it finds what came with it, and where it may write."""
    unpacked = cache_folder() / "debian"
    top = unpacked if (unpacked / "usr/share/rspamd").is_dir() else Path("/")
    share = top / "usr/share/rspamd"
    places = {
        "CONFDIR": top / "etc/rspamd",
        "SHAREDIR": share,
        "RULESDIR": share / "rules",
        "LUALIBDIR": share / "lualib",
        "PLUGINSDIR": share / "plugins",
        "WWWDIR": share / "www",
        "LOCAL_CONFDIR": folder,
        "DBDIR": folder,
        "RUNDIR": folder,
        "LOGDIR": folder,
    }
    for name, place in places.items():
        yield from ("--var", f"{name}={place}")


def _groups(port: int) -> dict[str, frozenset[str]]:
    """Ask which symbols it knows, and turn its groups of symbols into groups by symbol."""
    groups: dict[str, frozenset[str]] = {}
    for group in _ask(port, "/symbols"):
        for rule in group["rules"]:
            symbol = rule["symbol"]
            groups[symbol] = groups.get(symbol, frozenset()) | {group["group"]}
    return groups


def _ask(port: int, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    try:
        connection.request("POST" if body else "GET", path, body or None, dict(headers or {}))
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"rspamd answered {path} with status {answer.status}: {said[:200]!r}")
    return json.loads(said)


def _wait_until_up(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + _START_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"rspamd did not start: {log.read_text(errors='replace')[-500:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
