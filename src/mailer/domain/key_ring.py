"""Keys of one purpose that may gain a key while they are in use: one ring per process and purpose.

Whoever seals or signs holds the ring and no key, so a rotation reaches all of them at once.
A ring learns and never forgets: what is sealed in memory still opens when its key has left the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping


class KeyRing(Mapping[int, bytes]):
    """Keys by id (1 to 255); the newest seals or signs, all open or verify."""

    __slots__ = ("_keys", "look_again", "newest")

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Args: keys: by id; at least one."""
        self._keys = dict(keys)
        self.newest = max(keys)
        """The id of the key that seals or signs."""
        self.look_again: Callable[[], object] = _nowhere
        """Called when a key is asked for that is not here: another process may have added it."""

    def find(self, key_id: int) -> bytes | None:
        """Return a key; None when it is not here after another look."""
        if key_id not in self._keys:
            self.look_again()
        return self._keys.get(key_id)

    def learn(self, keys: Mapping[int, bytes]) -> None:
        """Take in keys that are new; those that are here stay as they are."""
        known = dict(keys) | self._keys
        # In this order: the newest is always there for a thread that asks meanwhile.
        self._keys = known
        self.newest = max(known)

    def __getitem__(self, key_id: int) -> bytes:
        return self._keys[key_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"KeyRing of {len(self)}"


def ring_of(keys: Mapping[int, bytes]) -> KeyRing:
    """Return *keys* themselves where they are a ring, else a ring of them."""
    return keys if isinstance(keys, KeyRing) else KeyRing(keys)


def _nowhere() -> None:
    """Look nowhere: whoever made the ring knows no place."""
