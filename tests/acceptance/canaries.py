"""Readers whose addresses can't be mistaken, and a mail server that repeats addresses in every way it can."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import threading
import urllib.parse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.acceptance.leaking import CYRILLIC_DOMAIN, CYRILLIC_LOCAL, DOMAIN, LOCAL, TAG

MARKED = f"{DOMAIN}.example.org"
"""Where all marked domains lie under."""


def address(number: int) -> str:
    """Return the address of a reader, whose domain is theirs alone."""
    shapes = (
        f"{LOCAL}{number}@n{number}.{MARKED}",
        f"{LOCAL}.{number}+{TAG}@n{number}.{MARKED}",
        f"Anna.{LOCAL}.{number}@n{number}.{MARKED}",
        f"{CYRILLIC_LOCAL}{number}@n{number}.{MARKED}",
        f"{LOCAL}{number}@n{number}.{CYRILLIC_DOMAIN}.example.net",
    )
    return shapes[number % len(shapes)]


def mailed_to(typed: str) -> str:
    """Return an address as it stands in RCPT TO."""
    local, _, domain = typed.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def _quoted_printable(text: str) -> str:
    return "".join(f"={byte:02X}" if not chr(byte).isalnum() else chr(byte) for byte in text.encode())


def _split(text: str) -> tuple[str, str]:
    local, _, domain = text.rpartition("@")
    return local, domain


SPELLINGS: Sequence[Callable[[str], str]] = (
    str,
    str.upper,
    "<{}>".format,
    '"{}"'.format,
    lambda to: '"{}"@{}'.format(*_split(to)),
    lambda to: "{} @ {}".format(*_split(to)),
    lambda to: "{} at {}".format(*_split(to)),
    lambda to: "{}(at){}".format(_split(to)[0], _split(to)[1].replace(".", " dot ")),
    lambda to: f"User {_split(to)[0]}",
    lambda to: f"User {_split(to)[0].partition('+')[0]}",
    lambda to: f"Host mx.{_split(to)[1]}",
    urllib.parse.quote,
    lambda to: "https://mx.example.com/why?who=" + urllib.parse.quote(to, safe=""),
    lambda to: "{}%{}".format(*_split(to)),
    lambda to: f"SRS0=HHH=TT={_split(to)[1]}={_split(to)[0]}@mx.example.com",
    lambda to: "bounce-{}={}".format(*_split(to)),
    lambda to: "rfc822;" + to.replace("+", "+2B").replace("@", "+40"),
    lambda to: base64.b64encode(to.encode()).decode(),
    lambda to: "to=" + base64.urlsafe_b64encode(to.encode()).decode().rstrip("="),
    lambda to: base64.b32encode(to.encode()).decode(),
    lambda to: to.encode().hex(),
    _quoted_printable,
    lambda to: f"=?utf-8?b?{base64.b64encode(to.encode()).decode()}?=",
    lambda to: f"=?utf-8?q?{_quoted_printable(to)}?=",
    lambda to: "".join(f"&#{ord(letter)};" for letter in to),
    lambda to: to.encode("unicode-escape").decode(),
    lambda to: repr(to.encode()),
)
"""How servers repeat an address, and some more ways."""


@dataclass(slots=True)
class FarEnd:
    """A mail server that takes everything in time, and whose every answer repeats the recipient.

    Attributes:
        port: on loopback.
        mails: what it took, by recipient, oldest first.
        return_paths: where what becomes of an issue's copy is to be told, by recipient.
        is_moody: whether it also defers and refuses, by a reader's number.
        stop_after: it does not answer any more once it took so many mails; None is never.
    """

    port: int = 0
    mails: dict[str, list[EmailMessage]] = field(default_factory=lambda: defaultdict(list))
    return_paths: dict[str, str] = field(default_factory=dict)
    is_moody: bool = False
    stop_after: int | None = None
    said: Counter[str] = field(default_factory=Counter)
    _turns: Iterator[int] = field(default_factory=lambda: iter(range(10**9)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken(self) -> int:
        """How many mails it took."""
        with self._lock:
            return sum(map(len, self.mails.values()))

    @property
    def is_stopped(self) -> bool:
        """Whether it keeps everybody waiting."""
        return self.stop_after is not None and self.taken >= self.stop_after

    def at_rcpt(self, recipient: str) -> str:
        """Return the answer to RCPT."""
        mood = self._mood(recipient)
        tries = self._tries("rcpt", recipient)
        if mood == 1 and tries == 1:
            return self._answer("451 4.2.1", recipient, "come back later")
        if mood == 2:
            return self._answer("550 5.1.1", recipient, "no such user here")
        return self._answer("250 2.1.5", recipient, "recipient ok")

    def at_dot(self, sender: str, recipient: str, content: bytes) -> str:
        """Return the answer to a whole message, which is kept if it is taken."""
        mood = self._mood(recipient)
        tries = self._tries("dot", recipient)
        if mood == 3 and tries == 1:
            return self._answer("452 4.2.2", recipient, "mailbox is full for now")
        if mood == 4:
            return self._answer("552 5.2.2", recipient, "mailbox is full")
        message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
        with self._lock:
            self.mails[recipient].append(message)
            if message["Precedence"] == "bulk":
                self.return_paths[recipient] = sender
        return self._answer("250 2.0.0", recipient, "taken")

    def _mood(self, recipient: str) -> int:
        digits = "".join(
            letter for letter in recipient.rpartition("@")[2].partition(".")[0] if letter.isdigit()
        )
        return int(digits or 0) // 5 % 6 if self.is_moody else 0

    def _tries(self, stage: str, recipient: str) -> int:
        if not self.is_moody:
            return 0
        with self._lock:
            self.said[f"{stage} {recipient}"] += 1
            return self.said[f"{stage} {recipient}"]

    def _answer(self, code: str, recipient: str, words: str) -> str:
        with self._lock:
            spell = SPELLINGS[next(self._turns) % len(SPELLINGS)]
        return f"{code} {spell(recipient)} {words}"


class _Conversation(socketserver.StreamRequestHandler):
    far_end: FarEnd

    def handle(self) -> None:
        self._say("220 mx.example.com")
        sender = recipient = ""
        for line in self.rfile:
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "EHLO":
                offers = "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN"
                self._say("".join(f"250-{offer}\r\n" for offer in offers) + "250 SIZE 1000000")
            elif verb.upper() == "RCPT":
                recipient = rest.partition("<")[2].rpartition(">")[0]
                self._say(self._reply_to(recipient))
            elif verb.upper() == "DATA":
                self._data(sender, recipient)
            elif verb.upper() == "QUIT":
                self._say("221 2.0.0 Bye")
                return
            else:
                if verb.upper() == "MAIL":
                    sender = rest.partition("<")[2].partition(">")[0]
                self._say("250 2.0.0 OK")

    def _reply_to(self, recipient: str) -> str:
        said = self.far_end.at_rcpt(recipient)
        self._is_taken = said.startswith("250")
        return said

    def _data(self, sender: str, recipient: str) -> None:
        # RFC 2920 §3.1: a client that sends RCPT and DATA together learns here that nobody is left.
        if not self._is_taken:
            self._say("554 5.5.1 No valid recipients")
            return
        self._say("354 Go on")
        content = b"".join(iter(self.rfile.readline, b".\r\n"))
        if self.far_end.is_stopped:
            # The other side is about to die; whatever it did not hear does not matter.
            self.rfile.read()
            return
        self._say(self.far_end.at_dot(sender, recipient, content))

    def _say(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


@contextmanager
def far_end() -> Iterator[FarEnd]:
    """Listen on loopback for as long as the block lasts."""
    server = FarEnd()

    class Conversation(_Conversation):
        far_end = server

    class Listening(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """Say nothing: a client that is killed leaves without a word."""

    with Listening(("127.0.0.1", 0), Conversation) as listening:
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
