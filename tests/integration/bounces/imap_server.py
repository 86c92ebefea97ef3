"""A small IMAP server (RFC 3501, and UIDPLUS of RFC 4315): one mailbox in memory, and scripted faults.

Only what our visits say; anything else is answered BAD, so that a test sees it.
"""

from __future__ import annotations

import contextlib
import re
import socketserver
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")


@dataclass
class Message:
    """One message as the server keeps it."""

    raw: bytes
    arrived: date = date(2026, 11, 23)
    flags: set[str] = field(default_factory=set)


@dataclass
class Mailbox:
    """What the server holds, and how it misbehaves.

    Attributes:
        messages: by UID.
        faults: some of "refuse-login", "hang", "hang-up-at-fetch", "no-marks", "no-uidplus", "uid-behind"
            and "read-only".
        heard: every command, without its tag; of LOGIN only the word.
    """

    messages: dict[int, Message] = field(default_factory=dict)
    validity: int = 1
    faults: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    password: str = "a secret"

    def put(self, raw: bytes, **values: object) -> int:
        """Deliver a message; return its UID."""
        uid = max(self.messages, default=0) + 1
        self.messages[uid] = Message(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), **values)  # type: ignore[arg-type]
        return uid

    def flags(self) -> list[set[str]]:
        """Return the flags of each message that is there, by UID."""
        return [self.messages[uid].flags for uid in sorted(self.messages)]

    def count(self, command: str) -> int:
        """Return how often a command was heard."""
        return sum(line.startswith(command) for line in self.heard)


class ImapServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine, in threads of its own."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.mailbox = Mailbox()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(5)
        self.server_close()


class _Visit(socketserver.StreamRequestHandler):
    server: ImapServer

    def handle(self) -> None:
        box = self.server.mailbox
        if "hang" in box.faults:
            time.sleep(1)
            return
        self._say("* OK ready")
        with contextlib.suppress(OSError):
            while line := self._line():
                tag, _, words = line.partition(" ")
                verb = words.split(" ")[0].upper()
                box.heard.append("LOGIN" if verb == "LOGIN" else words)
                if verb == "UID" and words.split(" ")[1] == "FETCH" and "hang-up-at-fetch" in box.faults:
                    return
                answer = self._answer(verb, words)
                self._say(f"{tag} {answer}")
                if verb == "LOGOUT":
                    return

    def _line(self) -> str:
        line = self.rfile.readline()
        return line.decode("utf-8").rstrip("\r\n")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def _answer(self, verb: str, words: str) -> str:
        box = self.server.mailbox
        match verb:
            case "CAPABILITY":
                self._say("* CAPABILITY IMAP4rev1" + ("" if "no-uidplus" in box.faults else " UIDPLUS"))
                return "OK done"
            case "LOGIN":
                is_right = words.endswith(f'"{box.password}"') and "refuse-login" not in box.faults
                return "OK in" if is_right else "NO [AUTHENTICATIONFAILED] no such user bounces@example.org"
            case "SELECT":
                return self._select(words)
            case "UID":
                _, action, rest = words.split(" ", 2)
                ways = {"SEARCH": self._search, "FETCH": self._fetch, "STORE": self._store}
                return ways.get(action, self._expunge)(rest)
            case "LOGOUT":
                self._say("* BYE")
                return "OK done"
        return "BAD not known here"

    def _select(self, words: str) -> str:
        box = self.server.mailbox
        if "INBOX" not in words:
            return "NO no such folder"
        self._say(f"* {len(box.messages)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {box.validity}]")
        if "read-only" in box.faults:
            self._say("* OK [READ-ONLY] only read")
            return "OK [READ-ONLY] open"
        return "OK [READ-WRITE] open"

    def _search(self, rest: str) -> str:
        since = re.search(r"SINCE ([^\s)]+)", rest)
        assert since is not None
        assert "UNSEEN" in rest
        assert "UNDELETED" in rest
        day = datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC).date()
        found = [
            str(uid)
            for uid, message in self.server.mailbox.messages.items()
            if not message.flags & {"\\Seen", "\\Deleted"} and message.arrived >= day
        ]
        self._say(f"* SEARCH {' '.join(found)}".rstrip())
        return "OK done"

    def _fetch(self, rest: str) -> str:
        box = self.server.mailbox
        for uid in _numbers(rest):
            if uid not in box.messages:
                continue
            raw = box.messages[uid].raw
            if "RFC822.SIZE" in rest:
                self._say(f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)})")
                continue
            assert "BODY.PEEK[]" in rest
            part = re.search(r"<0\.(\d+)>", rest)
            octets = raw[: int(part[1])] if part else raw
            named = "BODY[]<0>" if part else "BODY[]"
            before, behind = ("", f" UID {uid}") if "uid-behind" in box.faults else (f"UID {uid} ", "")
            self.wfile.write(f"* {uid} FETCH ({before}{named} {{{len(octets)}}}\r\n".encode())
            self.wfile.write(octets + f"{behind})\r\n".encode())
        return "OK done"

    def _store(self, rest: str) -> str:
        box = self.server.mailbox
        if "no-marks" in box.faults:
            return "NO [NOPERM] may not"
        for uid in _numbers(rest):
            if uid in box.messages:
                box.messages[uid].flags |= set(re.findall(r"\\\w+", rest))
        return "OK done"

    def _expunge(self, rest: str) -> str:
        for uid in _numbers(rest):
            message = self.server.mailbox.messages.get(uid)
            if message is not None and "\\Deleted" in message.flags:
                del self.server.mailbox.messages[uid]
        return "OK done"


def _numbers(rest: str) -> list[int]:
    return [int(number) for number in rest.split(" ", 1)[0].split(",")]
