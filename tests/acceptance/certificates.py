"""Certificates of mail servers: good ones, and those that do not fit."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates for this test run.

    Attributes:
        file: its own certificate; a process that has it as SSL_CERT_FILE trusts what it signs.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    folder: Path

    @property
    def file(self) -> Path:
        """Return where it lies."""
        return self.folder / "authority.pem"

    def context(self, name: str, *, from_days: int = -1, until_days: int = 1) -> ssl.SSLContext:
        """Return a server's side of TLS whose certificate is for *name*, good on these days from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _signed(key, name, self.key, self.certificate.subject, days=(from_days, until_days))
        return _context(self.folder / f"{name} {from_days} {until_days}.pem", key, signed)


def authority(folder: Path) -> Authority:
    """Make an authority in *folder*."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of example.org")])
    made = Authority(key, _signed(key, "", key, name, days=(-30, 30)), folder)
    made.file.write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))
    return made


def self_signed(folder: Path, name: str) -> ssl.SSLContext:
    """Return a server's side of TLS whose certificate nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return _context(folder / "self-signed.pem", key, _signed(key, name, key, subject, days=(-1, 1)))


def _signed(
    key: ec.EllipticCurvePrivateKey,
    name: str,
    by: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    *,
    days: tuple[int, int],
) -> x509.Certificate:
    """Return a certificate for the server *name*; for an authority when that is empty."""
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) if name else issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=not name, path_length=None), critical=True)
    )
    if name:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(by, hashes.SHA256())


def _context(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> ssl.SSLContext:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
