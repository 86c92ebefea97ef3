"""Puts our DKIM signature on each copy (RFC 6376): relaxed/simple, rsa-sha256, in threads.

``cryptography`` gives up the interpreter's lock while it signs, so the sending loop goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from mailer.delivery.dkim_form import SigningForm, finished, signing_form
from mailer.delivery.signing import Signing
from mailer.delivery.workbench import Workbench
from mailer.rendering.skeleton import Hole, Skeleton

_FORMS = 64
_PADDING = PKCS1v15()
_HASH = SHA256()


class Signer:
    """Signs copies for one event loop, in which it must be made."""

    def __init__(self, signing: Signing, *, clock: Callable[[], datetime], threads: int = 2) -> None:
        """
        Start the threads; nothing is signed yet.

        Args:
            signing: as whom, and with which key.
            clock: aware UTC, for t=.
            threads: how many signatures are made at once.
        """
        self._signing = signing
        self._clock = clock
        self._bench: Workbench[bytes] = Workbench(threads)
        # By identity, which is quicker than by value; the skeleton is kept so that no other gets its place.
        self._forms: dict[int, tuple[Skeleton, SigningForm]] = {}

    def begin(self, skeleton: Skeleton, values: Mapping[Hole, bytes]) -> asyncio.Future[bytes]:
        """
        Sign the copy ``skeleton.fill(values)``, which goes over the wire as it is.

        Args:
            skeleton: of an edition or a Letter.
            values: must not be changed before the future is done.

        Returns:
            The DKIM-Signature header with its CRLF, to stand before the copy. All but t= and b= follow
            from the arguments.
        """
        at_s = int(self._clock().timestamp())
        return self._bench.do(partial(self._sign, self._form(skeleton), values, at_s))

    def check_sender(self, sender: str) -> None:
        """
        Refuse a From address that our signatures say nothing about.

        Raises:
            SettingsError: it is not of our domain or one below it.
        """
        self._signing.check_sender(sender)

    def close(self) -> None:
        """End the threads; signatures that were not begun are cancelled."""
        self._bench.close()

    def _form(self, skeleton: Skeleton) -> SigningForm:
        known = self._forms.get(id(skeleton))
        if known is None:
            if len(self._forms) >= _FORMS:
                del self._forms[next(iter(self._forms))]
            form = signing_form(skeleton, self._signing.domain, self._signing.selector)
            known = self._forms[id(skeleton)] = (skeleton, form)
        return known[1]

    def _sign(self, form: SigningForm, values: Mapping[Hole, bytes], at_s: int) -> bytes:
        unsigned = form.unsigned(values, at_s)
        signature = self._signing.key.sign(form.covered(values, unsigned), _PADDING, _HASH)
        return finished(unsigned, signature)
