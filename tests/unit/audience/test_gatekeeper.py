"""The gatekeeper: how a sign-up came, and nothing of whose it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailer.audience.gatekeeper import BAIT, PROOF, SHOWN_AT, Gatekeeper, key_of
from mailer.audience.keys import seeded_keys
from mailer.audience.proof import MOST_CHARS, Proofs
from mailer.audience.signup import NO_SIGNS, Signs
from mailer.domain.client_share import ClientShare
from mailer.domain.token import TokenKeys

NOW = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)
KEY = key_of(seeded_keys(b"gate").link)
WAIT = timedelta(seconds=5)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SUSPECT = Signs(not_before=NOW + WAIT)
FRIEND, STRANGER = "192.0.2.1", "192.0.2.2"


def gatekeeper(*, is_attack: bool = False, per_hour: int = 2) -> Gatekeeper:
    proofs = Proofs(KEY, cost=10)
    return Gatekeeper(
        KEY, proofs, share=ClientShare(per_hour), suspects_wait=WAIT, is_attack=lambda: is_attack
    )


def shown(ago: timedelta) -> str:
    return gatekeeper().guard(NOW - ago).shown_at


@pytest.mark.parametrize(
    ("fields", "signs"),
    [
        ({SHOWN_AT: shown(9 * SECOND)}, NO_SIGNS),
        ({SHOWN_AT: shown(9 * SECOND), BAIT: ""}, NO_SIGNS),
        ({SHOWN_AT: shown(9 * SECOND), BAIT: "https://example.com"}, SUSPECT),
        ({SHOWN_AT: shown(SECOND)}, SUSPECT),
        ({SHOWN_AT: shown(2 * DAY)}, SUSPECT),
        ({SHOWN_AT: "never"}, SUSPECT),
        ({}, SUSPECT),
        ({PROOF: "abc"}, Signs(NOW + WAIT, "abc")),
        ({PROOF: "x" * (MOST_CHARS + 1)}, SUSPECT),
    ],
)
def test_how_a_sign_up_came(fields: dict[str, str], signs: Signs) -> None:
    """A person's form is as usual; what looks like a program's waits a moment, whatever else it says."""
    assert gatekeeper().look(FRIEND, fields, NOW) == signs


def test_a_program_of_ours_shows_no_form() -> None:
    """JSON carries no time; the share holds all the same."""
    keeper = gatekeeper()

    signs = [keeper.look(FRIEND, {}, NOW, is_form=False) for _ in range(3)]

    assert signs == [NO_SIGNS, NO_SIGNS, Signs(NOW + timedelta(minutes=30))]


def test_each_place_has_its_own_share() -> None:
    """One that floods makes only itself wait; this machine, which stands for anybody, has none."""
    keeper = gatekeeper()
    for _ in range(9):
        keeper.look(STRANGER, {}, NOW, is_form=False)

    assert keeper.look(FRIEND, {}, NOW, is_form=False) == NO_SIGNS
    assert {keeper.look("127.0.0.1", {}, NOW, is_form=False) for _ in range(9)} == {NO_SIGNS}


def test_nothing_of_a_client_outlives_the_day() -> None:
    """Memory holds a keyed hash; at midnight the key goes, and with it every share."""
    keeper = gatekeeper()
    for _ in range(9):
        keeper.look(FRIEND, {}, NOW, is_form=False)
    held = repr(vars(keeper))

    assert FRIEND not in held
    assert keeper.look(FRIEND, {}, NOW + timedelta(minutes=10), is_form=False) == NO_SIGNS


def test_work_is_given_in_an_attack_alone() -> None:
    """Else a form carries its time and no challenge."""
    assert gatekeeper().guard(NOW).challenge == ""
    assert '"algorithm":"PBKDF2/SHA-256"' in gatekeeper(is_attack=True).guard(NOW).challenge


def test_a_restart_keeps_forms_that_are_open() -> None:
    """The key comes from the installation's, so that a form shown before is as usual after."""
    assert gatekeeper().look(FRIEND, {SHOWN_AT: shown(9 * SECOND)}, NOW) == NO_SIGNS
    assert key_of(seeded_keys(b"other").link) != KEY


def test_a_rotation_keeps_forms_that_are_open() -> None:
    """Also where one process has not heard of the new key yet, or another began with it."""
    before = seeded_keys(b"gate").link

    assert key_of(TokenKeys({**before.keys, 2: bytes(32)})) == key_of(before)
