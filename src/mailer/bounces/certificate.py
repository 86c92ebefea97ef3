"""The door's certificate for STARTTLS, taken up anew when its files change: it is renewed every few weeks."""

from __future__ import annotations

import ssl
from pathlib import Path

import structlog

from mailer.errors import SettingsError

_log = structlog.get_logger()


class Certificate:
    """A chain and its key, in files that others renew."""

    def __init__(self, chain: Path, key: Path) -> None:
        """
        Read both.

        Args:
            chain: PEM, the server's own certificate first.
            key: PEM, without a password.

        Raises:
            SettingsError: a file can't be read, or they do not fit each other.
        """
        self._chain = chain
        self._key = key
        self._seen = self._state()
        self._context = self._read()

    def context(self) -> ssl.SSLContext:
        """Return what a new connection is offered; files that can't be used leave it as it was."""
        state = self._state()
        if state != self._seen:
            self._seen = state
            try:
                self._context = self._read()
            except SettingsError as error:
                # A renewal writes two files, one after the other: the next look finds both.
                _log.warning("returned.certificate", reason=str(error))
        return self._context

    def _state(self) -> list[int]:
        try:
            return [path.stat().st_mtime_ns for path in (self._chain, self._key)]
        except OSError:
            return []

    def _read(self) -> ssl.SSLContext:
        for path in (self._chain, self._key):
            try:
                path.read_bytes()
            except OSError as error:
                raise SettingsError(
                    f"[returned] certificate: {path} can't be read ({error.strerror}); name a file that the "
                    "service may read, or leave certificate and certificate_key empty"
                ) from error
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # No password is asked for: a service has nobody to answer.
            context.load_cert_chain(self._chain, self._key, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            raise SettingsError(
                f"[returned] certificate: {self._chain} and {self._key} are no certificate chain with its "
                "unlocked key in PEM form; write the chain, own certificate first, into the first file and "
                "its key into the second"
            ) from error
        return context
