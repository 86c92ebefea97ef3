"""Certificates that Amazon SNS signs with: fetched from its own hosts only, checked, and remembered.

The address of the certificate comes with the call, from whoever made it. So it has to be of the form that
SNS uses, in the region of a topic of ours, and only a few are fetched in a minute. What lies there came by
TLS from that host; the chain above it is not published with it.
"""

from __future__ import annotations

import re
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from mailer.bounces.limits import Tally
from mailer.web.hooks.call import REFUSED
from mailer.web.hooks.trust import Fetch, NotBelieved, Unreachable

_PLACE = re.compile(
    r"https://sns\.(?P<region>[a-z0-9-]{1,30})\.amazonaws\.com(?:\.cn)?"
    r"/SimpleNotificationService-[0-9a-zA-Z]{1,64}\.pem"
)
# sns.amazonaws.com; sns-signing.REGION.amazonaws.com in newer regions; sns-cn-north-1.amazonaws.com.cn.
_NAME = re.compile(r"sns(?:-signing)?(?:[.-][a-z0-9-]{1,30})?\.amazonaws\.com(?:\.cn)?")
_MOST_BYTES = 20_000
_FETCHED_A_MINUTE = 10
_REMEMBERED = 50


class Certificates:
    """Remembers certificates by their address, for as long as the process lives."""

    def __init__(self, fetch: Fetch) -> None:
        """Args: fetch: gets a certificate that is not known."""
        self._fetch = fetch
        self._known: dict[str, x509.Certificate] = {}
        self._tally = Tally(_FETCHED_A_MINUTE)

    async def key(self, url: str, region: str, at: datetime) -> RSAPublicKey:
        """
        Return the key that verifies what *url* names.

        Args:
            url: SigningCertURL of a call.
            region: of the topic.
            at: aware UTC.

        Raises:
            NotBelieved: it is no place or no certificate of SNS, or its time is over.
            Unreachable: it can't be had now.
        """
        place = _PLACE.fullmatch(url)
        if place is None or place["region"] != region:
            raise NotBelieved(REFUSED, "the certificate lies in a place that is not Amazon's")
        certificate = self._known.get(url) or await self._fetched(url, at)
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            self._known.pop(url, None)
            raise NotBelieved(REFUSED, "the certificate is out of its time")
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise NotBelieved(REFUSED, "the certificate holds no key that SNS uses")
        return key

    async def _fetched(self, url: str, at: datetime) -> x509.Certificate:
        if self._tally.is_over("", at.timestamp()):
            raise Unreachable
        try:
            certificate = x509.load_pem_x509_certificate(await self._fetch(url, _MOST_BYTES))
            names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        except ValueError as error:
            raise NotBelieved(REFUSED, "what lies there is no certificate") from error
        if not any(_NAME.fullmatch(str(name.value)) for name in names):
            raise NotBelieved(REFUSED, "the certificate is not of SNS")
        if len(self._known) >= _REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[url] = certificate
        return certificate
