"""Whether we sign, and as whom: where settings, the key's file and a newsletter's sender meet."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from mailer.config import Settings
from mailer.delivery.dkim_key import KeyRecord, key_record, load_dkim_key
from mailer.domain.alignment import is_aligned
from mailer.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Signing:
    """Everything a signature speaks for.

    The key is held, not looked up again: when its file goes or changes, this process signs on with the
    one whose public half is in DNS.

    Attributes:
        domain: d= of each signature.
        selector: s= of each signature.
        key: RSA, 2048 bits or more.
    """

    domain: str
    selector: str
    key: RSAPrivateKey = field(repr=False)

    @property
    def record(self) -> KeyRecord:
        """What must be published in DNS."""
        return key_record(self.domain, self.selector, self.key)

    def check_sender(self, sender: str) -> None:
        """
        Refuse a From address that our signatures say nothing about.

        Raises:
            SettingsError: it is not of our domain or one below it.
        """
        check_aligned(self.domain, sender)


def check_aligned(domain: str, sender: str) -> None:
    """
    Refuse to sign as *domain* what comes from *sender*.

    Raises:
        SettingsError: *domain* is neither the sender's domain nor one above it.
    """
    if not is_aligned(domain, sender):
        theirs = sender.rpartition("@")[2]
        raise SettingsError(
            f"the newsletter comes from an address of {theirs}, for which a signature of {domain} does not "
            f'count; write domain = "{theirs}" in [dkim], or change the newsletter’s sender'
        )


def load_signing(settings: Settings) -> Signing | None:
    """
    Return how we sign, or None where the outgoing server does.

    Raises:
        SettingsError: we are to sign, but [dkim] does not say as whom.
        KeysError: the key can't be used. Nothing must be sent then: unsigned, it would count as forged.
    """
    return None if settings.relay.signing == "relay" else signing_of(settings)


def signing_of(settings: Settings) -> Signing:
    """
    Return how we would sign, whoever does now.

    Raises:
        SettingsError: [dkim] does not say as whom.
        KeysError: the key can't be used.
    """
    dkim = settings.dkim
    for name, value in (("domain", dkim.domain), ("selector", dkim.selector)):
        if not value:
            raise SettingsError(
                f"[dkim] has no {name}, so we can’t sign; “mailer dkim new” makes a key and says what to "
                'write, and signing = "relay" in [relay] leaves it to the outgoing server'
            )
    return Signing(dkim.domain, dkim.selector, load_dkim_key(settings.dkim_key_file))
