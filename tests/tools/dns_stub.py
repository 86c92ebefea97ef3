"""A name server that knows a few names, so that what judges mail asks nobody beyond this machine."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import dns.message
import dns.name
import dns.rcode
import dns.rrset

_Zone = dict[dns.name.Name, list[dns.rrset.RRset]]


@contextmanager
def running_dns(records: Sequence[tuple[str, str, str]]) -> Iterator[int]:
    """Answer over UDP on a free port of 127.0.0.1 until the block ends.

    Args:
        records: name, type and value, as in a zone file: ``("example.org", "MX", "10 mx.example.org.")``.
            A long TXT is cut into strings of 255 letters here.

    Yields:
        The port. Names without a record do not exist (NXDOMAIN).
    """
    with _Server(_zone(records)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.UDPServer):
    server_address: tuple[str, int]

    def __init__(self, zone: _Zone) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.zone = zone


class _Handler(socketserver.DatagramRequestHandler):
    def handle(self) -> None:
        query = dns.message.from_wire(self.rfile.read())
        answer = dns.message.make_response(query, recursion_available=True)
        asked = query.question[0]
        known = cast("_Server", self.server).zone.get(asked.name)
        if known is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            answer.answer = [rrset for rrset in known if rrset.rdtype == asked.rdtype]
        # Whole, even where the asker has room for 512 bytes only: over the loopback nothing is cut off.
        self.wfile.write(answer.to_wire(max_size=65_535))


def _zone(records: Sequence[tuple[str, str, str]]) -> _Zone:
    zone: _Zone = {}
    for name, kind, value in records:
        owner = dns.name.from_text(name)
        zone.setdefault(owner, []).append(
            dns.rrset.from_text(owner, 60, "IN", kind, _quoted(value) if kind == "TXT" else value)
        )
    return zone


def _quoted(text: str) -> str:
    """Return a TXT value of as many strings as it takes (RFC 1035 §3.3.14)."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
