"""A mail server in a thread that says what a test writes, with TLS and login as real ones have them."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

USUAL: Mapping[str, str] = {
    "CONNECT": "220 mail.example.org",
    "EHLO": "250-mail.example.org\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 SIZE 1000000",
    "STARTTLS": "220 Go ahead",
    "AUTH": "235 2.7.0 Welcome",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 Go on",
    ".": "250 2.0.0 Taken",
    "RSET": "250 OK",
    "QUIT": "221 Bye",
}


@dataclass(slots=True)
class ScriptedServer:
    """What it says by verb, and what it has heard.

    Attributes:
        heard: commands in order, without bodies.
    """

    says: Mapping[str, str]
    tls: ssl.SSLContext | None
    port: int = 0
    heard: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def converse(self, connection: socket.socket) -> None:
        """Talk to one client until it leaves."""
        with connection, connection.makefile("rwb", buffering=0) as file:
            self._say(file, "CONNECT")
            while line := file.readline():
                verb = line.split()[0].decode().upper()
                self.heard.append(line.decode().strip())
                self._say(file, verb)
                if verb == "STARTTLS" and self.tls is not None:
                    self._go_on_in_tls(connection, self.tls)
                    return
                if verb == "DATA":
                    self.bodies.append(b"".join(iter(file.readline, b".\r\n")))
                    self._say(file, ".")

    def _go_on_in_tls(self, connection: socket.socket, tls: ssl.SSLContext) -> None:
        with (
            tls.wrap_socket(connection, server_side=True) as sealed,
            sealed.makefile("rwb", buffering=0) as file,
        ):
            while line := file.readline():
                self.heard.append(line.decode().strip())
                self._say(file, line.split()[0].decode().upper())

    def _say(self, file: socket.SocketIO, verb: str) -> None:
        file.write(self.says[verb].encode() + b"\r\n")


@contextmanager
def scripted_server(tls: ssl.SSLContext | None = None, **says: str) -> Iterator[ScriptedServer]:
    """Listen on loopback; *says* replaces usual answers, with DOT for the final one.

    Args:
        tls: what STARTTLS leads to.
    """
    server = ScriptedServer(
        {**USUAL, **{("." if verb == "DOT" else verb): said for verb, said in says.items()}}, tls
    )

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # A client that does not like what it sees leaves.
            with contextlib.suppress(OSError):
                server.converse(self.request)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
