"""A reader at their settings page, on the stage of reading_room."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from mailer.audience import choices, erasure, new_address, own_data, settings_link
from mailer.audience.new_address import MoveState
from mailer.audience.settings_link import OwnSettings
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from tests.integration.audience.reading_room import ADDRESS, Room
from tests.integration.storage.scene import SLUG

T = TypeVar("T")


@dataclass
class Visitor:
    """Whoever holds the newest link to somebody's settings."""

    room: Room
    secret: str = ""

    def ask(self, address: str = ADDRESS) -> list[LetterKind]:
        """Ask for a link; return the letters that follow."""
        room = self.room
        known = len(room.letters())
        room.run(settings_link.ask(room.store.database, room.vault, address, now=room.now))
        room.decide()
        return room.letters()[known:]

    def open(self, address: str = ADDRESS) -> Visitor:
        """Ask for a link and take it from the mail."""
        self.ask(address)
        self.secret = self.secrets(LetterKind.MANAGE)[-1]
        return self

    def secrets(self, kind: LetterKind) -> list[str]:
        """Return the secrets of the letters of *kind* that wait, oldest first."""
        pairs = zip(self.room.letters(), self.room.opened_letters(), strict=True)
        return [values["secret"] for found, values in pairs if found is kind]

    def look(self) -> OwnSettings | None:
        """Open the page."""
        return self._do(settings_link.look_up(self.room.store.database, self.secret, now=self.room.now))

    def page(self) -> OwnSettings:
        """Open the page, which is there."""
        found = self.look()
        assert found is not None
        return found

    def choose(self, language: Language, missing: MissingRule | None = None) -> bool:
        """Change languages."""
        room = self.room
        return self._do(
            choices.choose_languages(room.store.database, self.secret, language, missing, now=room.now)
        )

    def take_break(self, until: datetime | None) -> bool:
        """Take a break, or end it."""
        return self._do(choices.take_break(self.room.store.database, self.secret, until, now=self.room.now))

    def be_discreet(self, *, is_discreet: bool) -> bool:
        """Press the button of discreet mode."""
        room = self.room
        return self._do(
            choices.be_discreet(room.store.database, self.secret, is_discreet=is_discreet, now=room.now)
        )

    def add(self, newsletter: str = "other") -> bool:
        """Subscribe to one more newsletter."""
        room = self.room
        return self._do(choices.add(room.store.database, room.vault, self.secret, newsletter, now=room.now))

    def leave(self, newsletter: str = SLUG) -> bool:
        """Unsubscribe from one."""
        room = self.room
        return self._do(
            choices.leave(
                room.store.database, room.vault, room.keys.link, self.secret, newsletter, now=room.now
            )
        )

    def move(self, address: str) -> bool:
        """Ask for a change of address."""
        room = self.room
        return self._do(
            new_address.ask_both(room.store.database, room.vault, self.secret, address, now=room.now)
        )

    def decide(self, secret: str, *, agrees: bool = True) -> MoveState:
        """Press a button behind a link about a change of address."""
        room = self.room
        return self._do(
            new_address.decide(room.store.database, room.vault, secret, agrees=agrees, now=room.now)
        )

    def move_state(self, secret: str) -> MoveState:
        """Open such a link."""
        return self._do(new_address.look_up(self.room.store.database, secret, now=self.room.now))

    def export(self) -> dict[str, Any] | None:
        """Take everything away."""
        room = self.room
        return self._do(own_data.export(room.store.database, room.vault, self.secret, now=room.now))

    def erase(self, *, keeps_block: bool = False) -> bool:
        """Press "erase" for the second time."""
        room = self.room
        return self._do(
            erasure.erase(room.store.database, room.vault, self.secret, keeps_block=keeps_block, now=room.now)
        )

    def close(self) -> None:
        """Press "done"."""
        self._do(settings_link.close(self.room.store.database, self.secret))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.room.run(work)
