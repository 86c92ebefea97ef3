"""One visit to a mailbox: what waits there unread, its bytes, and the marks we leave (IMAP4rev1, RFC 3501).

Everything here blocks and belongs in a thread. imap-tools connects, logs in, searches and marks; bytes are
fetched past it, for it would parse them and write them anew, and what is stored must be what came.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from mailer.config_returned import MailboxSettings
from mailer.errors import MailerError

_TIMEOUT_S = 30.0
"""How long one answer may take, or a silence within it."""
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")


class MailboxTrouble(MailerError):  # noqa: N818 - reads as what it is where it is caught
    """The mailbox can't be read now; the message says why, without a secret."""


class MailboxRefused(MailboxTrouble):
    """The server refuses what the settings say; only a person can change that."""


class MailboxNotMarked(MailboxTrouble):
    """The server does not let us mark what we took."""


class ImapSession:
    """One connection, logged in, one folder open.

    Attributes:
        validity: UIDVALIDITY of the folder (RFC 3501 §2.3.1.1): message numbers are worth nothing after
            it has changed.
    """

    def __init__(self, server: MailboxSettings, password: str) -> None:
        """
        Connect, log in and open the folder.

        Raises:
            MailboxRefused: user, password or folder are not what the server knows.
            MailboxTrouble: it can't be reached.
        """
        with _said("can't be reached; its server or the network is at fault"):
            self._box = _connected(server)
        try:
            self._enter(server, password)
        except MailboxTrouble:
            self.drop()
            raise

    def unseen(self, since: date) -> list[int]:
        """Return the numbers of unread messages that arrived on *since* or later, oldest first."""
        with _said("did not say what waits there"):
            found = self._box.uids(AND(seen=False, deleted=False, date_gte=since))
            return sorted(int(number) for number in found)

    def sizes(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return messages' sizes in bytes, by number; one that has gone is missing."""
        return sizes_in(self._fetched(numbers, "(UID RFC822.SIZE)"))

    def bodies(self, numbers: Sequence[int], most_bytes: int | None = None) -> dict[int, bytes]:
        """Return messages as they came, by number, without marking them as read.

        Args:
            numbers: of messages; one that has gone is missing in the answer.
            most_bytes: only the beginning of each; None for all of it.
        """
        part = "" if most_bytes is None else f"<0.{most_bytes}>"
        return bodies_in(self._fetched(numbers, f"(UID BODY.PEEK[]{part})"))

    def mark_taken(self, numbers: Sequence[int], *, delete: bool) -> None:
        """
        Mark messages as read, or remove them.

        Raises:
            MailboxNotMarked: the server does not let us.
            MailboxTrouble: the connection is gone.
        """
        flags = [MailMessageFlags.SEEN, *([MailMessageFlags.DELETED] if delete else [])]
        named, box = ",".join(map(str, numbers)), self._box.client
        with _said("did not answer when mail was marked"):
            if box.uid("STORE", named, "+FLAGS.SILENT", f"({' '.join(flags)})")[0] != "OK":
                raise MailboxNotMarked(
                    "the mailbox's server does not let us mark what was taken; give the user that right"
                )
            # RFC 4315 removes these and no others. A plain EXPUNGE would also remove what a person has only
            # marked: without it they stay marked.
            if delete and "UIDPLUS" in box.capabilities:
                box.uid("EXPUNGE", named)

    def close(self) -> None:
        """Say goodbye."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
            self._box.logout()

    def drop(self) -> None:
        """End the connection at once, from any thread: whoever waits for an answer gets an error."""
        with contextlib.suppress(OSError):
            # First, for whoever reads has to let go before anything can be closed.
            self._box.client.sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._box.client.shutdown()

    def _enter(self, server: MailboxSettings, password: str) -> None:
        with _said("did not let us in; its server is at fault, or the network"):
            is_plain = (server.username + password).isascii()
            log_in = self._box.login if is_plain else self._box.login_utf8
            try:
                log_in(server.username, password, initial_folder=None)
            except (MailboxLoginError, imaplib.IMAP4.error) as error:
                if isinstance(error, imaplib.IMAP4.abort):
                    raise
                raise MailboxRefused(
                    "the mailbox's server refuses user and password; check [mailbox] username and the file "
                    "that password_file names"
                ) from error
            try:
                self._box.folder.set(server.folder)
            except MailboxFolderSelectError as error:
                raise MailboxRefused(
                    "the mailbox has no folder of the name that [mailbox] folder says; write it as the "
                    "server does, such as INBOX"
                ) from error
            except imaplib.IMAP4.readonly as error:
                raise MailboxRefused(
                    "the mailbox's folder may only be read; give [mailbox] username the right to mark mail"
                ) from error
            # Capabilities may grow with the login (RFC 3501 §6.1.1).
            self._box.client.capabilities = tuple(
                self._box.client.capability()[1][0].decode("ascii", "replace").upper().split()
            )
            told = self._box.client.response("UIDVALIDITY")[1]
            self.validity = told[0] if told else None

    def _fetched(self, numbers: Sequence[int], what: str) -> list[object]:
        with _said("did not hand over what waits there"):
            status, data = self._box.client.uid("FETCH", ",".join(map(str, numbers)), what)
            if status != "OK":
                raise MailboxTrouble("the mailbox did not hand over what waits there")
            return list(data)


def sizes_in(answer: Sequence[object]) -> dict[int, int]:
    """Read the sizes in an answer to FETCH, by message number; each as ``1 (UID 7 RFC822.SIZE 4711)``."""
    return {
        number: int(size[1]) for line, number in _numbered(answer) if (size := _SIZE.search(line)) is not None
    }


def bodies_in(answer: Sequence[object]) -> dict[int, bytes]:
    """Read the messages in an answer to FETCH, by number.

    imaplib gives a pair of what stands before the bytes and the bytes, then what stands behind them; the
    number may stand in either (RFC 3501 §7.4.2 sets no order).
    """
    found: dict[int, bytes] = {}
    for item, behind in zip(answer, [*answer[1:], b""], strict=True):
        if isinstance(item, tuple):
            tail = behind if isinstance(behind, bytes) else b""
            number = _UID.search(bytes(item[0])) or _UID.search(tail)
            if number is not None:
                found[int(number[1])] = bytes(item[1])
    return found


def _numbered(answer: Sequence[object]) -> Iterator[tuple[bytes, int]]:
    for line in answer:
        if isinstance(line, bytes) and (number := _UID.search(line)) is not None:
            yield line, int(number[1])


def _connected(server: MailboxSettings) -> BaseMailBox:
    # imaplib's own context would not look at the certificate.
    trusted = ssl.create_default_context()
    match server.tls:
        case "tls":
            return MailBox(server.host, server.port, timeout=_TIMEOUT_S, ssl_context=trusted)
        case "starttls":
            return MailBoxStartTls(server.host, server.port, timeout=_TIMEOUT_S, ssl_context=trusted)
        case _:
            return MailBoxUnencrypted(server.host, server.port, timeout=_TIMEOUT_S)


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Turn what libraries raise into our own; their words may hold the user's name."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailboxTrouble(
            "the mailbox's server shows a certificate that is not valid for its name; check [mailbox] host"
        ) from error
    except (OSError, imaplib.IMAP4.error, ImapToolsError, ValueError) as error:
        raise MailboxTrouble(f"the mailbox {what} ({type(error).__name__})") from error
