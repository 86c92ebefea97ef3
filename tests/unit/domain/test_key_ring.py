"""A ring learns keys while it is in use: everything that holds it has them at once."""

from __future__ import annotations

from dataclasses import replace

from mailer.audience.keys import seeded_keys
from mailer.audience.vault import Vault
from mailer.domain.key_ring import KeyRing
from mailer.domain.token import Token, TokenKeys

OLD, NEW = bytes(32), bytes(range(32))
READER = Token(b"public-id-12", issue=7)


def test_whoever_holds_a_ring_signs_with_the_newest_key_from_then_on() -> None:
    """And the old key goes on verifying."""
    ring = KeyRing({1: OLD})
    keys = TokenKeys(ring)
    before = keys.link(READER)

    ring.learn({2: NEW})

    assert keys.link(READER) == TokenKeys({1: OLD, 2: NEW}).link(READER) != before
    assert keys.read_link(before) == keys.read_link(keys.link(READER)) == READER


def test_the_links_of_an_issue_that_is_being_sent_stay_whole() -> None:
    """What makes them was asked for before the rotation; they live for ever like all others."""
    ring = KeyRing({1: OLD})
    keys = TokenKeys(ring)
    links = keys.links(READER.number)

    ring.learn({2: NEW})

    assert keys.read_link(links(READER.public_id).decode()) == READER


def test_a_token_under_a_key_that_is_not_known_makes_it_look_again() -> None:
    """Another process may sign with a new key before this one has heard of it."""
    ring = KeyRing({1: OLD})
    ring.look_again = lambda: ring.learn({2: NEW})

    assert TokenKeys(ring).read_link(TokenKeys({2: NEW}).link(READER)) == READER


def test_a_sealed_value_under_a_key_that_is_not_known_makes_it_look_again() -> None:
    """So that no reader's request fails in between."""
    ours, ring = seeded_keys(b"ours"), KeyRing({1: OLD})
    ring.look_again = lambda: ring.learn({2: NEW})
    sealed = Vault(replace(ours, seal={2: NEW})).seal(b"plain", READER.public_id)

    assert Vault(replace(ours, seal=ring)).open(sealed, READER.public_id) == b"plain"


def test_known_keys_are_never_replaced_nor_forgotten() -> None:
    """Whatever stands in a file that somebody put there."""
    ring = KeyRing({1: OLD, 3: NEW})

    ring.learn({1: NEW, 2: NEW})

    assert ring == {1: OLD, 2: NEW, 3: NEW}
    assert ring.newest == 3


def test_a_key_that_nobody_has_is_not_found() -> None:
    """After one more look."""
    looks: list[int] = []
    ring = KeyRing({1: OLD})
    ring.look_again = lambda: looks.append(1)

    assert ring.find(2) is None
    assert ring.find(1) == OLD
    assert looks == [1]


def test_a_ring_does_not_show_its_keys() -> None:
    """Neither in a traceback nor in a log."""
    assert repr(KeyRing({1: OLD})) == str(KeyRing({1: NEW})) == "KeyRing of 1"
