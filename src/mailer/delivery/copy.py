"""One reader's copy: address unsealed, skeleton joined, return path and Message-ID made.

Every byte is a function of (edition, reader) or of (letter): a resend is the same bytes with the
same Message-ID. Only the time in a DKIM signature may differ.
"""

from __future__ import annotations

import asyncio
import email.utils
import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mailer.audience.keys import Keys
from mailer.audience.vault import Vault
from mailer.delivery.dkim import Signer
from mailer.domain.mac import Mac
from mailer.domain.newsletter import Newsletter
from mailer.domain.relay_profile import RelayProfile
from mailer.domain.return_address import ReturnAddresses
from mailer.domain.token import Token
from mailer.errors import MailerError
from mailer.rendering.skeleton import Hole, Skeleton
from mailer.storage.chunks import DueCopy
from mailer.storage.letters import Letter

# What fits between the angle brackets of RCPT TO and into To as it stands: a local part without quotes
# (RFC 5321 §4.1.2) of at most 64 letters, and beyond ASCII whatever a relay with SMTPUTF8 takes.
_MAILABLE = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,255}")
_ID_LETTERS = 24
"""96 bits: no two copies of anybody's share a Message-ID."""


class Unmailable(MailerError):  # noqa: N818 - reads as what it is where it is caught
    """What is stored as an address can't be put into a command."""


class Copy(NamedTuple):
    """A message for one address, ready for the wire but for its signature.

    Attributes:
        return_path: MAIL FROM, ASCII.
        recipient: RCPT TO.
        message: CRLF line ends, no line begins with a dot, ends with CRLF.
        signature: the DKIM-Signature header to stand before *message*, once threads have made it.
    """

    return_path: str
    recipient: str
    message: bytes
    signature: asyncio.Future[bytes] | None = None

    async def signed(self) -> bytes:
        """Return the message with its signature, if it is to have one."""
        if self.signature is None:
            return self.message
        return await self.signature + self.message


@dataclass(frozen=True, slots=True)
class Composer:
    """Joins skeletons with what belongs to one reader.

    Attributes:
        keys, vault: of the installation.
        return_path_domain: where bounces come back to; empty takes the sender's domain.
        signer: signs each copy; None where the relay does.
        return_path_prefix: what a return path begins with, where it is a mailbox at a provider's.
        profile: what kind of server the relay is.
        naming: makes Message-IDs.
    """

    keys: Keys
    vault: Vault
    return_path_domain: str
    signer: Signer | None = None
    return_path_prefix: str = ""
    profile: RelayProfile = RelayProfile.NONE
    naming: Mac = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "naming", Mac(self.keys.message_id))

    @property
    def returns(self) -> ReturnAddresses:
        """Where copies come back to."""
        return ReturnAddresses(self.return_path_domain, self.return_path_prefix)

    def of(self, newsletter: Newsletter) -> Composer:
        """
        Return the composer for mails of *newsletter*.

        Raises:
            SettingsError: our signature says nothing about its sender.
        """
        if self.signer is not None:
            self.signer.check_sender(newsletter.sender)
        if self.return_path_domain:
            return self
        return replace(self, return_path_domain=newsletter.sender.rpartition("@")[2])

    def press(self, skeleton: Skeleton, number: int) -> EditionPress:
        """Return what makes the copies of an edition; *number* is the issue."""
        return EditionPress(self, skeleton, number)

    def copy_to(self, address: str, skeleton: Skeleton, token: Token) -> Copy:
        """Return the copy of an edition for an address in plain and the reader whom *token* names."""
        return self.press(skeleton, token.number).copy_to(address, token.public_id)

    def titles(self, letter: Letter) -> tuple[str, ...]:
        """Return the names of the newsletters that a Letter is about; none where it is one.

        Raises:
            KeysError: the letter does not open.
        """
        inside = self.vault.open_values(letter.sealed, letter.seal_id)
        return tuple(inside.get("titles", "").splitlines())

    def letter_copy(self, skeleton: Skeleton, letter: Letter, newsletter_id: int) -> Copy:
        """Return a Letter's message.

        Raises:
            KeysError: the letter does not open.
            Unmailable: its recipient can't be mailed.
        """
        token = Token(letter.public_id, newsletter=newsletter_id)
        inside = self.vault.open_values(letter.sealed, letter.seal_id)
        to = _mailable(inside["to"].encode())
        return_token = self.keys.return_path.return_path(token)
        values = {
            Hole.TO: to.encode(),
            Hole.MESSAGE_ID: message_id(self.naming, b"letter " + letter.seal_id),
            Hole.DATE: email.utils.format_datetime(letter.created_at).encode(),
            Hole.TOKEN: self.keys.link.link(token).encode(),
            Hole.RETURN_TOKEN: return_token.encode(),
            Hole.SECRET: inside["secret"].encode(),
            Hole.REPLY_TO: inside.get("reply_to", "").encode(),
            Hole.ENCLOSED: inside.get("enclosed", "").encode(),
        }
        before, behind = self.profile.around_token
        message = skeleton.fill(values)
        if before:
            message = before + return_token.encode() + behind + message
        signature = None if self.signer is None else self.signer.begin(skeleton, values)
        return Copy(self.returns.return_path(return_token), to, message, signature)


class EditionPress:
    """Makes one copy of an edition after another: what all have in common is worked out once."""

    def __init__(self, composer: Composer, skeleton: Skeleton, issue_id: int) -> None:
        self._composer = composer
        self._skeleton = skeleton
        self._link = composer.keys.link.links(issue_id)
        self._return_path = composer.keys.return_path.return_paths(issue_id)
        # Around the token; put together for every copy.
        self._prefix, self._domain = composer.return_path_prefix, "@" + composer.return_path_domain
        self._before, self._behind = composer.profile.around_token
        self._name = b"issue %d " % issue_id

    def copy(self, due: DueCopy) -> Copy:
        """Return one reader's copy.

        Raises:
            KeysError: the address does not open.
            Unmailable: it is none that can be mailed.
        """
        public_id, sealed = due.public_id, due.sealed_address
        assert public_id is not None
        assert sealed is not None
        return self.copy_to(_mailable(self._composer.vault.open(sealed, public_id)), public_id)

    def copy_to(self, address: str, public_id: bytes) -> Copy:
        """Return the copy for an address in plain."""
        return_token = self._return_path(public_id)
        values = {
            Hole.TO: address.encode(),
            Hole.MESSAGE_ID: message_id(self._composer.naming, self._name + public_id),
            Hole.TOKEN: self._link(public_id),
            Hole.RETURN_TOKEN: return_token.encode(),
        }
        message = self._skeleton.fill(values)
        if self._before:
            message = self._before + values[Hole.RETURN_TOKEN] + self._behind + message
        signer = self._composer.signer
        signature = None if signer is None else signer.begin(self._skeleton, values)
        return Copy(self._prefix + return_token + self._domain, address, message, signature)


def message_id(naming: Mac, name: bytes) -> bytes:
    """Return the left side of a Message-ID. No token: it is quoted in answers, and must open nothing."""
    return naming.digest(name).hex()[:_ID_LETTERS].encode()


def _mailable(stored: bytes) -> str:
    """Return an address, after a last look: one line too many here would be a command of a stranger's."""
    try:
        address = stored.decode()
    except UnicodeDecodeError:
        address = ""
    if not _MAILABLE.fullmatch(address) or not address.isprintable():
        raise Unmailable("a stored address can't be mailed")
    return address
