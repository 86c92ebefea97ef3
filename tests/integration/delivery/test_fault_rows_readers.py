"""Rows 38, 48 and 49 of the table of faults: odd addresses, readers who leave, operators who press twice."""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mailer.audience.departure import unsubscribe
from mailer.delivery.control import cancel, pause, resume
from mailer.domain.language import Language
from mailer.domain.subscription import Standing
from mailer.domain.token import Token
from mailer.errors import InvalidMove
from mailer.storage import Transaction, newsletters, open_database
from mailer.storage import readers as stored
from mailer.storage.readers import Reader
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import Manner
from tests.integration.delivery.fault_relay import fault_relay
from tests.integration.delivery.fault_scene import Scene, judge, ledger, readers, serving, standings
from tests.integration.delivery.faults import LOCKSTEP, PIPELINED, Terms
from tests.integration.delivery.house import SECRETS, House, utc_now

GOOD = readers(5)
CROWD = readers(150)
NOTIFYING = Terms(offers=("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN"))
BOTH_WAYS = pytest.mark.parametrize("terms", [PIPELINED, LOCKSTEP], ids=["pipelined", "lockstep"])


async def _let_in(house: House, addresses: Sequence[bytes]) -> None:
    """Put readers in as no door of ours would: from a restored, imported or damaged database."""

    def work(tx: Transaction) -> None:
        slug = newsletters.slugs(tx)[0]
        for address in addresses:
            own = os.urandom(12)
            sealed, index = house.vault.seal(address, own), os.urandom(32)
            reader = stored.add(tx, Reader(0, own, sealed, index, "other", Language.ENGLISH, None))
            stored.set_standing(tx, reader.id, slug, Standing.ACTIVE, changed_month="2026-11")

    await house.database.write(work)


# What no command line of SMTP can hold (RFC 5321 §4.1.2), or no relay may be asked.
UNSENDABLE = [
    b"a@b.example.org\r\nRCPT TO:<z@example.net>",
    b"a@b.example.org>\r\nDATA\r\n",
    b"a@example.org\n",
    b"a\x00@example.org",
    b"a@example.org> SIZE=1",
    b"a b@example.org",
    b"<a@example.org>",
    b"a@example.org, b@example.org",
    b"Friends: a@example.org, b@example.org;",
    b"no-at-sign",
    b"@example.org",
    b"a@",
    b"",
    b"\xff\xfe@example.org",
    b"a\xed\xa0\x80@example.org",
    b"\x1b[31m@example.org",
]
# Unusual, and as good as any.
SENDABLE = [
    b"a.b+c=d!e#f$g%h&i'j*k/l?m^n_o`p{q|r}s~t@example.org",
    b"xn--fsq@xn--e1afmkfd.example.org",
    b"UPPER@EXAMPLE.ORG",
]
BEYOND_ASCII = ["юрась@example.org".encode(), "юрась@прыклад.example.org".encode()]


def test_row_38_an_address_that_fits_no_command_is_left_out(house: OpenHouse) -> None:
    """Row 38: each of them is skipped as unsendable, says nothing to the relay, and holds nobody up."""

    async def scene() -> None:
        async with house() as here, fault_relay() as relay:
            await _let_in(here, UNSENDABLE)
            await here.subscribe(GOOD)
            await _let_in(here, SENDABLE)
            await here.release()
            async with serving(here, relay, Manner(connections=2)) as sending:
                found = await sending.until_settled(5)
            expected = [*GOOD, *(address.decode() for address in SENDABLE)]
            assert relay.accepted() == dict.fromkeys(expected, 1)
            assert (found.accepted, found.skipped) == (len(expected), len(UNSENDABLE))
            reasons = await here.rows(
                "SELECT DISTINCT reason, attempts FROM delivery WHERE state = 'skipped'"
            )
            assert reasons == [("unsendable", 0)]
            assert relay.seen["connect"] <= 2

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["with SMTPUTF8", "without SMTPUTF8"])
def test_row_38_an_address_beyond_ascii_goes_where_it_can(house: OpenHouse, name: str) -> None:
    """Row 38: offered to a relay with SMTPUTF8 (RFC 6531), skipped for its script at one without."""
    terms = PIPELINED if name == "with SMTPUTF8" else Terms(offers=("PIPELINING", "8BITMIME"))

    async def scene() -> None:
        async with house() as here, fault_relay(terms=terms) as relay:
            await _let_in(here, BEYOND_ASCII)
            await here.subscribe(GOOD)
            await here.release()
            async with serving(here, relay) as sending:
                await sending.until_settled()
            beyond = {
                address: state for address, state in (await ledger(here)).items() if not address.isascii()
            }
            assert set(beyond.values()) == {"accepted" if terms is PIPELINED else "skipped"}
            assert relay.accepted() == dict.fromkeys([*GOOD, *(beyond if terms is PIPELINED else ())], 1)

    asyncio.run(scene())


ODD = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.builds(
        lambda local, domain: f"{local}@{domain}".encode("utf-8", "surrogatepass"),
        st.text(st.sampled_from('ab."\\ <>\r\n\x00@:;,()[]é\u2028%'), max_size=70),
        st.sampled_from(["example.org", "[127.0.0.1]", "example.org>", "-", "", "пример.example.org"]),
    ),
)
_numbers = itertools.count()


# Not made smaller when it fails: a copy that hangs costs seconds each time.
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
@given(odd=st.lists(ODD, min_size=1, max_size=25), terms=st.sampled_from([PIPELINED, LOCKSTEP, NOTIFYING]))
def test_row_38_no_address_does_harm(
    furnished_file: Path, tmp_path_factory: pytest.TempPathFactory, odd: list[bytes], terms: Terms
) -> None:
    """Row 38: whatever is stored as an address, others get theirs once, and no stranger gets one."""
    path = tmp_path_factory.mktemp("odd") / f"{next(_numbers)}.db"
    shutil.copy(furnished_file, path)

    async def scene() -> None:
        database = open_database(f"sqlite:///{path}")
        here = House(database)
        try:
            async with fault_relay(terms=terms) as relay:
                await _let_in(here, odd)
                await here.subscribe(GOOD)
                await here.release()
                async with serving(here, relay, Manner(connections=2)) as sending:
                    found = await sending.until_settled(5)
                assert found.accepted + found.skipped == len(odd) + len(GOOD)
                asked = {line.partition(b" ")[0].strip() for line in relay.commands}
                assert asked <= {b"EHLO", b"MAIL", b"RCPT", b"DATA", b"RSET", b"QUIT"}
                allowed = {*GOOD, *(each.decode("utf-8", "backslashreplace") for each in odd)}
                assert set(relay.accepted()) <= allowed
                assert [relay.accepted()[address] for address in GOOD] == [1] * len(GOOD)
                assert await standings(here) == {"active"}
        finally:
            await database.close()

    asyncio.run(scene())


async def _leave(house: House, public_id: bytes, issue_id: int) -> float:
    """Unsubscribe as a link in a copy does; return when it had been committed."""
    link = SECRETS.link.link(Token(public_id, issue=issue_id))
    await unsubscribe(house.database, house.vault, SECRETS.link, link=link, now=utc_now())
    return asyncio.get_running_loop().time()


@BOTH_WAYS
@pytest.mark.parametrize("seed", [1, 2])
def test_row_48_no_body_begins_after_its_reader_has_left(house: OpenHouse, terms: Terms, seed: int) -> None:
    """Row 48: readers leave at any moment of a send; a copy that follows is no copy that began after."""
    chance = random.Random(seed)

    async def scene() -> None:
        async with house() as here, fault_relay(terms=terms) as relay:
            await here.subscribe(CROWD)
            issue_id = await here.release()
            rows = await here.rows("SELECT sealed_address, public_id FROM reader")
            people = [(here.vault.open(bytes(seal), bytes(own)).decode(), bytes(own)) for seal, own in rows]
            left: dict[str, float] = {}
            async with serving(here, relay, Manner(connections=6)) as sending:
                for address, own in chance.sample(people, 80):
                    left[address] = await _leave(here, own, issue_id)
                    await asyncio.sleep(chance.choice([0, 0, 0.001, 0.004]))
                found = await sending.until_settled()
            copies = [body for body in sending.begun if not body.is_letter]
            assert not [body for body in copies if body.at > left.get(body.recipient, math.inf)]
            assert found.skipped > 0
            assert found.accepted == len(copies) == len({body.recipient for body in copies})
            assert found.accepted + found.skipped == len(CROWD)

    asyncio.run(scene())


async def _until_begun(sending: Scene, count: int) -> None:
    async def begun() -> bool:
        return len(sending.begun) >= count

    await sending.until(begun)


@BOTH_WAYS
def test_row_49_pause_and_resume_again_and_again_send_each_copy_once(house: OpenHouse, terms: Terms) -> None:
    """Row 49: no body begins while the issue is paused; a second press of either is refused, or nothing."""

    async def scene() -> None:
        async with house() as here, fault_relay(terms=terms) as relay:
            await here.subscribe(CROWD)
            issue_id = await here.release()
            async with serving(here, relay, Manner(connections=4)) as sending:
                while len(sending.begun) < len(CROWD) - 20:
                    so_far = len(sending.begun)
                    await _until_begun(sending, so_far + 8)
                    await pause(here.database, issue_id)
                    begun = len(sending.begun)
                    with pytest.raises(InvalidMove):
                        await pause(here.database, issue_id)
                    await asyncio.sleep(0.03)
                    assert len(sending.begun) == begun
                    await resume(here.database, issue_id)
                    sending.feed.wake()
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert relay.accepted() == dict.fromkeys(CROWD, 1)
            assert await here.rows("SELECT * FROM attempt") == []

    asyncio.run(scene())


@BOTH_WAYS
@pytest.mark.parametrize("after", [0, 1, 20, 60])
def test_row_49_cancel_stops_before_the_next_body(house: OpenHouse, terms: Terms, after: int) -> None:
    """Row 49: whenever it is pressed, nothing begins after its answer, and every copy has a named end."""

    async def scene() -> None:
        async with house() as here, fault_relay(terms=terms) as relay:
            await here.subscribe(CROWD)
            issue_id = await here.release()
            async with serving(here, relay, Manner(connections=4)) as sending:
                await sending.until_seen(lambda relay: len(relay.log) >= after)
                await cancel(here.database, issue_id, now=utc_now())
                begun = len(sending.begun)
                with pytest.raises(InvalidMove):
                    await cancel(here.database, issue_id, now=utc_now())
                found = await sending.until_settled()
                assert len(sending.begun) == begun
            assert (found.accepted, found.skipped) == (begun, len(CROWD) - begun)
            assert await judge(here, relay) == (0, 0, 0)
            assert sum(relay.accepted().values()) == begun

    asyncio.run(scene())
