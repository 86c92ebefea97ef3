"""The keys as a running process holds them: one object, which learns new keys from the files by itself.

“mailer keys rotate” writes keys beside those that are there while the service runs. Vault and tokens
hold rings (domain/key_ring.py), so all of them know a key as soon as it is read here: within seconds,
and at once when one of them meets a key it does not know.
"""

from __future__ import annotations

import asyncio

import structlog

from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE, KeyFolder
from mailer.audience.keys import Keys, load_keys
from mailer.audience.vault import Vault
from mailer.domain.key_ring import KeyRing, ring_of
from mailer.errors import KeysError

LOOK_S = 2.0
_log = structlog.get_logger()


class Keyring:
    """The keys of one process, and where they come from."""

    def __init__(self, folder: KeyFolder) -> None:
        """
        Read the keys.

        Raises:
            KeysError: a file is missing or damaged, or others may read it.
        """
        self.folder = folder
        self._stamp = folder.stamp()
        self._refused = self._stamp
        self.keys = load_keys(folder)
        self.vault = Vault(self.keys)
        for ring in _rings(self.keys):
            ring.look_again = self.renew

    def renew(self) -> bool:
        """
        Learn what was added to the files since the last look; tell whether anything was.

        Keys that went, or files that can't be read, change nothing: a process goes on with what it holds, and
        reads again at the next look, for what was in the way may pass without the files being touched.
        """
        stamp = self.folder.stamp()
        if stamp == self._stamp:
            return False
        try:
            fresh = load_keys(self.folder)
            _check_same(self.keys, fresh, self.folder)
        except KeysError as error:
            if stamp != self._refused:
                _log.error("keys.not_taken_up", reason=str(error))
            self._refused = stamp
            return False
        self._stamp = stamp
        pairs = list(zip(_rings(self.keys), _rings(fresh), strict=True))
        is_new = any(theirs.keys() - ours.keys() for ours, theirs in pairs)
        for ours, theirs in pairs:
            ours.learn(theirs)
        if is_new:
            _log.info("keys.taken_up", seal=pairs[0][0].newest)
        return is_new

    async def watch(self) -> None:
        """Renew every LOOK_S, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.renew()


def _rings(keys: Keys) -> tuple[KeyRing, ...]:
    return ring_of(keys.seal), ring_of(keys.link.keys), ring_of(keys.return_path.keys)


def _check_same(ours: Keys, fresh: Keys, folder: KeyFolder) -> None:
    """Refuse keys of another installation that somebody put into the place of ours."""
    seals, *tokens = (
        all(theirs.get(key_id, key) == key for key_id, key in mine.items())
        for mine, theirs in zip(_rings(ours), _rings(fresh), strict=True)
    )
    if not seals or ours.index != fresh.index:
        raise _foreign(folder, VAULT_FILE)
    if not all(tokens) or ours.message_id != fresh.message_id:
        raise _foreign(folder, TOKENS_FILE)


def _foreign(folder: KeyFolder, name: str) -> KeysError:
    return KeysError(f"{folder.path / name} is another installation's; put your copy of it back")
