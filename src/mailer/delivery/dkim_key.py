"""The key that signs our mail: made once, kept in a file of our own, published in DNS (RFC 6376 §3.6.1)."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mailer.errors import KeysError

# RFC 8301 §3.2: receivers refuse less than 1024 bits and need not take more than 4096; the large ones
# want 2048.
_KEY_BITS = 2048
_MOST_KEY_BITS = 4096
_EXPONENT = 65537
_STRING_CHARS = 255  # RFC 1035 §3.3: a character-string has one length octet
_ANOTHER = "make another by “mailer dkim new” under a new selector"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is published in DNS, so that receivers can check our signatures.

    Attributes:
        name: of the TXT record, without a dot at its end.
        value: in one piece.
    """

    name: str
    value: str

    @property
    def strings(self) -> list[str]:
        """The value cut for a TXT record; receivers join the strings without blanks (RFC 6376 §3.6.2.2)."""
        return [self.value[i : i + _STRING_CHARS] for i in range(0, len(self.value), _STRING_CHARS)]


def key_record(domain: str, selector: str, key: RSAPrivateKey) -> KeyRecord:
    """Return the record that publishes the public half of *key*."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    value = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode('ascii')}"
    return KeyRecord(f"{selector}._domainkey.{domain}", value)


def create_dkim_key(path: Path) -> RSAPrivateKey:
    """
    Write a new key, readable by nobody else.

    Raises:
        KeysError: there is a file already, which stays as it is, or none can be written.
    """
    key = generate_private_key(_EXPONENT, _KEY_BITS)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeysError(
            f"{path} exists already, and keys are never written over; “mailer dkim show” prints its record "
            "once [dkim] names domain and selector; for a new one, name another key file and another selector"
        ) from error
    except OSError as error:
        raise KeysError(_not_written(path, error)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # Half a key would only be in the way of the next one.
        path.unlink(missing_ok=True)
        raise KeysError(_not_written(path, error)) from error
    return key


def load_dkim_key(path: Path) -> RSAPrivateKey:
    """
    Read the key.

    Raises:
        KeysError: it is missing or damaged, others may read it, or receivers would not take it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read()
    except FileNotFoundError as error:
        raise KeysError(
            f"{path} is missing, so nothing can be signed; put it back from your copy, or {_ANOTHER}"
        ) from error
    except OSError as error:
        raise KeysError(f"{path} can't be read ({error.strerror}); check whose it is") from error
    if mode & 0o077:
        raise KeysError(f"{path} can be read by others; run “chmod 600 {path}”")
    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise KeysError(
            f"{path} is no private key in PEM form without a password; restore it from your copy, "
            f"or {_ANOTHER}"
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise KeysError(f"{path} is not an RSA key, which is what every receiver can check; {_ANOTHER}")
    if not _KEY_BITS <= key.key_size <= _MOST_KEY_BITS:
        raise KeysError(
            f"{path} has {key.key_size} bits, and receivers want {_KEY_BITS} to {_MOST_KEY_BITS}; {_ANOTHER}"
        )
    return key


def _not_written(path: Path, error: OSError) -> str:
    return (
        f"{path} can't be written ({error.strerror}); check whose the folder is, and that the disk has room"
    )
