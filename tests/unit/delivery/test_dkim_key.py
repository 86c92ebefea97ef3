"""The file of the DKIM key: made once, refused when it can't be trusted, published in DNS."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from mailer.delivery.dkim_key import create_dkim_key, key_record, load_dkim_key
from mailer.errors import KeysError


def pem(bits: int, password: bytes = b"") -> bytes:
    sealing = BestAvailableEncryption(password) if password else NoEncryption()
    return generate_private_key(65537, bits).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing)


def ed25519() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_new_key_is_ours_alone(tmp_path: Path) -> None:
    """RSA of 2048 bits, mode 0600, and what was made is what is read."""
    path = tmp_path / "keys" / "dkim.pem"

    made = create_dkim_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.key_size == 2048
    assert load_dkim_key(path).private_numbers() == made.private_numbers()


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    """What is published goes on to be what signs."""
    path = tmp_path / "dkim.pem"
    path.write_bytes(b"somebody's")

    with pytest.raises(KeysError, match=r"exists already.* another key file and another selector"):
        create_dkim_key(path)

    assert path.read_bytes() == b"somebody's"


def test_a_key_that_cannot_be_written_leaves_nothing() -> None:
    """The sentence names the file."""
    with pytest.raises(KeysError, match=r"/proc/keys-of-ours/dkim\.pem can't be written"):
        create_dkim_key(Path("/proc/keys-of-ours/dkim.pem"))


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (b"", 0o600, "no private key in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "no private key in PEM"),
        (pem(2048, b"secret"), 0o600, "without a password"),
        (pem(1024), 0o600, "has 1024 bits, and receivers want 2048 to 4096"),
        (ed25519(), 0o600, "is not an RSA key"),
        (pem(2048), 0o640, "can be read by others; run “chmod 600"),
        (pem(2048), 0o604, "can be read by others; run “chmod 600"),
        (None, 0o600, "is missing, so nothing can be signed"),
    ],
)
def test_a_key_that_receivers_or_we_cannot_trust_is_refused(
    tmp_path: Path, content: bytes | None, mode: int, said: str
) -> None:
    """Each sentence names the file and what to do, and shows nothing of the key."""
    path = tmp_path / "dkim.pem"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)

    with pytest.raises(KeysError, match=said) as refusal:
        load_dkim_key(path)

    assert str(refusal.value).startswith(str(path))


def test_the_record_holds_the_public_half_in_strings_that_dns_takes(tmp_path: Path) -> None:
    """RFC 6376 §3.6.1: the value is tags, of which p= is the key; no string exceeds 255 letters."""
    key = create_dkim_key(tmp_path / "dkim.pem")

    record = key_record("example.org", "week", key)

    head, _, public = record.value.partition("p=")
    published = load_der_public_key(base64.b64decode(public, validate=True))
    assert (record.name, head) == ("week._domainkey.example.org", "v=DKIM1; k=rsa; ")
    assert isinstance(published, RSAPublicKey)
    assert published.public_numbers() == key.public_key().public_numbers()
    assert [len(string) <= 255 for string in record.strings] == [True, True]
    assert "".join(record.strings) == record.value
