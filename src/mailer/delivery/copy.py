"""One reader's copy: address unsealed, skeleton joined, return path and Message-ID made.

Every byte is a function of (edition, reader) or of (letter): a resend is the same bytes with the
same Message-ID.
"""

from __future__ import annotations

import base64
import email.utils
import hmac
from dataclasses import dataclass, replace

from mailer.audience.keys import Keys
from mailer.audience.vault import Vault
from mailer.domain.newsletter import Newsletter
from mailer.domain.token import Token
from mailer.rendering.skeleton import Hole, Skeleton
from mailer.storage.chunks import DueCopy
from mailer.storage.letters import Letter

_ID_BYTES = 15


@dataclass(frozen=True, slots=True)
class Copy:
    """A message for one address, ready for the wire.

    Attributes:
        return_path: MAIL FROM, ASCII.
        recipient: RCPT TO.
        message: CRLF line ends, no line begins with a dot, ends with CRLF.
    """

    return_path: str
    recipient: str
    message: bytes


@dataclass(frozen=True, slots=True)
class Composer:
    """Joins skeletons with what belongs to one reader.

    Attributes:
        keys, vault: of the installation.
        return_path_domain: where bounces come back to; empty takes the sender's domain.
    """

    keys: Keys
    vault: Vault
    return_path_domain: str

    def of(self, newsletter: Newsletter) -> Composer:
        """Return the composer for mails of *newsletter*."""
        if self.return_path_domain:
            return self
        return replace(self, return_path_domain=newsletter.sender.rpartition("@")[2])

    def edition_copy(self, skeleton: Skeleton, due: DueCopy) -> Copy:
        """Return one reader's copy of an edition.

        Raises:
            KeysError: the address does not open.
        """
        assert due.public_id is not None
        assert due.sealed_address is not None
        address = self.vault.open(due.sealed_address, due.public_id).decode()
        return self.copy_to(address, skeleton, Token(due.public_id, issue=due.chunk.issue_id))

    def copy_to(self, address: str, skeleton: Skeleton, token: Token) -> Copy:
        """Return the copy of an edition for an address in plain and the reader whom *token* names."""
        assert token.issue is not None
        values = {
            Hole.TO: address.encode(),
            Hole.MESSAGE_ID: self._message_id(b"issue %d " % token.issue + token.public_id),
            Hole.TOKEN: self.keys.link.link(token).encode(),
        }
        return Copy(self._return_path(token), address, skeleton.fill(values))

    def letter_copy(self, skeleton: Skeleton, letter: Letter, newsletter_id: int) -> Copy:
        """Return a Letter's message.

        Raises:
            KeysError: the letter does not open.
        """
        token = Token(letter.public_id, newsletter=newsletter_id)
        inside = self.vault.open_values(letter.sealed, letter.seal_id)
        values = {
            Hole.TO: inside["to"].encode(),
            Hole.MESSAGE_ID: self._message_id(b"letter " + letter.seal_id),
            Hole.DATE: email.utils.format_datetime(letter.created_at).encode(),
            Hole.TOKEN: self.keys.link.link(token).encode(),
            Hole.SECRET: inside["secret"].encode(),
        }
        return Copy(self._return_path(token), inside["to"], skeleton.fill(values))

    def _return_path(self, token: Token) -> str:
        return f"{self.keys.return_path.return_path(token)}@{self.return_path_domain}"

    def _message_id(self, name: bytes) -> bytes:
        # Not a token: a Message-ID is quoted in answers, and must open nothing.
        digest = hmac.digest(self.keys.message_id, name, "sha256")
        return base64.b32encode(digest[:_ID_BYTES]).lower()
