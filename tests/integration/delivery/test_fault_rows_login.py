"""Rows 29 to 31 of the table of faults: TLS that is not what it should be, and a login that is refused."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.certificates import Authority, authority, self_signed
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, Manner
from tests.integration.delivery.fault_relay import FaultRelay
from tests.integration.delivery.fault_scene import UNTRIED, quick_steps, readers, serving, tries
from tests.integration.delivery.faults import Close, Fault, Hang, Moment, Reset, Say, Terms

CROWD = readers(12)
LOGIN = Terms(login=True)
SETTINGS = {"host": "localhost", "tls": "starttls", "username": "newsroom", "password": "correct horse"}
GO_AHEAD = b"220 2.0.0 Go ahead\r\n"
REFUSED = Say(b"535 5.7.8 Authentication credentials invalid\r\n")


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this process trusts."""
    made = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def _of_tls_1_0(trusted: Authority) -> ssl.SSLContext:
    context = trusted.context("localhost")
    with warnings.catch_warnings():
        # That it is out of date is the point.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _bad_context(name: str, trusted: Authority, folder: Path) -> ssl.SSLContext:
    match name:
        case "expired":
            return trusted.context("localhost", from_days=-9, until_days=-1)
        case "not valid yet":
            return trusted.context("localhost", from_days=1, until_days=9)
        case "another host":
            return trusted.context("relay.example.org")
        case "TLS 1.0":
            return _of_tls_1_0(trusted)
        case _:
            return self_signed(folder, "localhost")


def _said_nothing(relay: FaultRelay) -> bool:
    """Tell whether neither a login nor a word of mail was sent, in clear or not."""
    verbs = {line.split()[0].upper() for line in relay.commands if line.strip()}
    return verbs <= {b"EHLO", b"STARTTLS", b"QUIT"} and not relay.log


@pytest.mark.parametrize("is_sealed", [False, True], ids=["starttls", "tls"])
def test_row_29_over_good_tls_all_is_sent_and_nothing_in_clear(
    house: OpenHouse, trusted: Authority, *, is_sealed: bool
) -> None:
    """Row 29: with a certificate that fits, login and mail go over TLS, and nothing before it."""

    async def scene() -> None:
        relay = FaultRelay(terms=LOGIN, tls=trusted.context("localhost"), is_sealed=is_sealed)
        async with house() as here, relay.listening():
            await here.subscribe(CROWD)
            await here.release()
            settings = SETTINGS | {"tls": "tls" if is_sealed else "starttls"}
            async with serving(here, relay, Manner(connections=2), **settings) as sending:
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]
            assert relay.seen["auth"] == 2
            assert relay.seen["auth in clear"] == relay.seen["mail in clear"] == 0

    asyncio.run(scene())


@pytest.mark.parametrize("is_sealed", [False, True], ids=["starttls", "tls"])
@pytest.mark.parametrize("name", ["expired", "not valid yet", "another host", "TLS 1.0", "self-signed"])
def test_row_29_a_certificate_that_does_not_fit_keeps_everything_back(
    house: OpenHouse, tmp_path: Path, trusted: Authority, name: str, *, is_sealed: bool
) -> None:
    """Row 29: no login, no mail, no try lost, one call a step; with a good one all is sent."""

    async def scene() -> None:
        relay = FaultRelay(terms=LOGIN, tls=_bad_context(name, trusted, tmp_path), is_sealed=is_sealed)
        async with house() as here:
            await here.subscribe(CROWD)
            await here.release()
            async with relay.listening():
                settings = SETTINGS | {"tls": "tls" if is_sealed else "starttls"}
                async with serving(here, relay, quick_steps(2), **settings) as sending:
                    await asyncio.sleep(0.25)
                    # A relay that is called over TLS does not see a call that comes to nothing.
                    await sending.until_seen(lambda seen: is_sealed or seen.seen["connect"] >= 2)
            assert _said_nothing(relay)
            assert await tries(here) == UNTRIED
            assert is_sealed or 2 <= relay.seen["connect"] <= 2 * 2 + 4

    asyncio.run(scene())


@pytest.mark.parametrize("act", [Hang(), Reset(), Close()], ids=["stalls", "reset", "close"])
def test_row_29_a_handshake_that_breaks_off_is_tried_again(
    house: OpenHouse, trusted: Authority, act: Hang | Reset | Close
) -> None:
    """Row 29: three handshakes that come to nothing cost no try, and nothing is said in clear meanwhile."""

    async def scene() -> None:
        breaks = Fault(Moment.STARTTLS, Say(GO_AHEAD, then=act), times=3)
        relay = FaultRelay([breaks], LOGIN, tls=trusted.context("localhost"))
        async with house() as here, relay.listening():
            await here.subscribe(CROWD)
            await here.release()
            brisk = Manner(connections=2, timeouts=replace(QUICK, connect_s=0.2, redial_s=0.01))
            async with serving(here, relay, brisk, **SETTINGS) as sending:
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]
            assert relay.seen["auth in clear"] == relay.seen["mail in clear"] == 0

    asyncio.run(scene())


STRIPPED = {
    "not offered": None,
    "refused": Fault(Moment.STARTTLS, Say(b"454 4.7.0 TLS not available\r\n")),
    "unknown": Fault(Moment.STARTTLS, Say(b"502 5.5.1 Not implemented\r\n")),
}


@pytest.mark.parametrize("name", STRIPPED)
def test_row_30_without_starttls_there_is_no_login_and_no_mail(house: OpenHouse, name: str) -> None:
    """Row 30: somebody between took STARTTLS out: we say nothing more, and nothing is lost."""
    fault = STRIPPED[name]

    async def scene() -> None:
        offers = LOGIN if fault is None else replace(LOGIN, offers=("PIPELINING", "STARTTLS"))
        relay = FaultRelay([] if fault is None else [fault], offers)
        async with house() as here, relay.listening():
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, quick_steps(2), **SETTINGS):
                await asyncio.sleep(0.25)
            assert _said_nothing(relay)
            assert await tries(here) == UNTRIED
            assert 2 <= relay.seen["connect"] <= 2 * 2 + 4

    asyncio.run(scene())


@pytest.mark.parametrize(
    "injected",
    [
        b"250-relay.example.org\r\n250 AUTH PLAIN\r\n",
        b"235 2.7.0 Welcome\r\n250 2.1.0 OK\r\n250 2.1.5 OK\r\n354 Go on\r\n",
        b"554 5.7.1 Go away\r\n",
    ],
)
def test_row_30_what_is_injected_before_the_handshake_means_nothing(
    house: OpenHouse, trusted: Authority, injected: bytes
) -> None:
    """Row 30: answers in clear behind the 220 are dropped or end the connection; nothing is said in clear."""

    async def scene() -> None:
        injects = Fault(Moment.STARTTLS, Say(GO_AHEAD + injected), times=2)
        relay = FaultRelay([injects], LOGIN, tls=trusted.context("localhost"))
        async with house() as here, relay.listening():
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, quick_steps(2), **SETTINGS) as sending:
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]
            assert relay.seen["auth in clear"] == relay.seen["mail in clear"] == 0
            assert relay.seen["early"] == 0

    asyncio.run(scene())


def test_row_31_a_password_that_is_refused_is_not_tried_again_and_again(
    house: OpenHouse, trusted: Authority
) -> None:
    """Row 31: one try a minute, by all connections together: no account is locked; nothing is lost."""

    async def scene() -> None:
        relay = FaultRelay([Fault(Moment.AUTH, REFUSED)], LOGIN, tls=trusted.context("localhost"))
        async with house() as here, relay.listening():
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, quick_steps(4), **SETTINGS):
                await asyncio.sleep(1)
            assert relay.seen["auth"] == 1
            assert await tries(here) == UNTRIED

    asyncio.run(scene())


def test_row_31_a_password_that_is_changed_meanwhile_loses_nothing(
    house: OpenHouse, trusted: Authority
) -> None:
    """Row 31: the connection that is open goes on to its end; what it did not send stays queued."""

    async def scene() -> None:
        later = Fault(Moment.AUTH, REFUSED, connections=frozenset(range(2, 99)))
        relay = FaultRelay([later], LOGIN, tls=trusted.context("localhost"))
        async with house() as here, relay.listening():
            await here.subscribe(CROWD)
            await here.release()
            five = Manner(messages_per_connection=5, timeouts=replace(QUICK, redial_s=0.01))
            async with serving(here, relay, five, **SETTINGS) as sending:
                await sending.until_seen(lambda relay: relay.seen["auth"] >= 2)
                await asyncio.sleep(0.5)
                assert await sending.judge() == (0, 0, 0)
            assert relay.seen["auth"] == 2
            assert await tries(here) == [("accepted", 1), ("queued", 0)]
            assert (await here.books()).accepted == 5

    asyncio.run(scene())


def test_row_31_a_relay_that_offers_no_login_is_sent_nothing(house: OpenHouse, trusted: Authority) -> None:
    """Row 31: with a username in the settings, a relay without AUTH is the wrong one."""

    async def scene() -> None:
        relay = FaultRelay(tls=trusted.context("localhost"))
        async with house() as here, relay.listening():
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, quick_steps(2), **SETTINGS):
                await asyncio.sleep(0.25)
            assert _said_nothing(relay)
            assert await tries(here) == UNTRIED

    asyncio.run(scene())
