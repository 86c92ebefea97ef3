"""Keys of another installation are noticed at start, and named by file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailer.audience.keycheck import check_keys
from mailer.audience.keys import Keys, seeded_keys
from mailer.audience.vault import Vault
from mailer.domain.language import Language
from mailer.domain.token import TokenKeys
from mailer.errors import KeysError
from mailer.storage import Database, Transaction, installation, readers
from mailer.storage.installation import Identity
from mailer.storage.readers import Reader

_OURS = seeded_keys(b"ours")
_THEIRS = seeded_keys(b"theirs")
_ROTATED = replace(
    _OURS,
    seal={**_OURS.seal, 2: _THEIRS.seal[1]},
    link=TokenKeys({**_OURS.link.keys, 2: _THEIRS.link.keys[1]}),
)


@pytest.fixture
def check(database: Database, runner: asyncio.Runner) -> Callable[[Keys], None]:
    """Start with some keys on a database with an identity."""
    identity = Identity("ab" * 16, 0, datetime(2026, 11, 23, tzinfo=UTC), is_sample=False)
    runner.run(database.write(lambda tx: installation.make(tx, identity)))
    return lambda keys: runner.run(check_keys(database, keys, Vault(keys)))


def test_the_keys_it_was_made_with_are_taken_again_and_again(check: Callable[[Keys], None]) -> None:
    """Every start passes."""
    for _ in range(3):
        check(_OURS)


@pytest.mark.parametrize(
    ("keys", "file"),
    [
        pytest.param(_THEIRS, "vault.keys", id="all of another installation"),
        pytest.param(replace(_OURS, seal=_THEIRS.seal), "vault.keys", id="other seal"),
        pytest.param(replace(_OURS, index=_THEIRS.index), "vault.keys", id="other index"),
        pytest.param(replace(_OURS, link=_THEIRS.link), "tokens.keys", id="other link key"),
        pytest.param(replace(_OURS, return_path=_THEIRS.return_path), "tokens.keys", id="other return path"),
        pytest.param(replace(_OURS, message_id=_THEIRS.message_id), "tokens.keys", id="other message-id"),
    ],
)
def test_other_keys_are_refused_by_file(check: Callable[[Keys], None], keys: Keys, file: str) -> None:
    """One sentence names the file that is not ours and what to do."""
    check(_OURS)

    with pytest.raises(KeysError, match=f"data/keys/{file} .* put your copy of it back"):
        check(keys)


def test_keys_that_are_added_do_no_harm(check: Callable[[Keys], None]) -> None:
    """A rotated key stands beside the old one."""
    check(_OURS)

    check(_ROTATED)


def test_a_token_key_that_was_lost_is_refused(check: Callable[[Keys], None]) -> None:
    """Links that it signed live for ever."""
    check(_OURS)

    with pytest.raises(
        KeysError, match=r"data/keys/tokens\.keys lacks a key .* put your newest copy of it back"
    ):
        check(replace(_OURS, link=TokenKeys({2: _OURS.link.keys[1]})))


@pytest.mark.parametrize(
    ("yesterdays", "file"),
    [
        pytest.param(replace(_ROTATED, seal=_OURS.seal), "vault.keys", id="vault"),
        pytest.param(replace(_ROTATED, link=_OURS.link), "tokens.keys", id="tokens"),
        pytest.param(_OURS, "vault.keys", id="both"),
    ],
)
def test_a_copy_from_before_a_rotation_is_refused(
    check: Callable[[Keys], None], yesterdays: Keys, file: str
) -> None:
    """From the first start with the new keys on; the sentence says what it is."""
    for keys in (_OURS, _ROTATED, _ROTATED):
        check(keys)

    with pytest.raises(KeysError, match=f"data/keys/{file} lacks a key .*: it is a copy from before"):
        check(yesterdays)


def test_a_database_without_a_word_is_told_by_a_reader(
    check: Callable[[Keys], None], database: Database, runner: asyncio.Runner
) -> None:
    """Other keys are not remembered as its own when an address is there that they don't open."""
    public_id = b"p" * 12
    sealed = Vault(_OURS).seal(b"reader@example.org", public_id)

    def work(tx: Transaction) -> None:
        readers.add(tx, Reader(0, public_id, sealed, b"i" * 32, "other", Language.ENGLISH, None))

    runner.run(database.write(work))

    with pytest.raises(KeysError, match=r"vault\.keys"):
        check(_THEIRS)
    check(_OURS)
