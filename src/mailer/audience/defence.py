"""The sign-up defence, put together: what the pages and the sending process share of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mailer.audience.deciding import Judging
from mailer.audience.flood import Flood
from mailer.audience.gatekeeper import Gatekeeper, key_of
from mailer.audience.proof import Proofs
from mailer.audience.vault import Vault
from mailer.config import Settings
from mailer.domain.client_share import ClientShare
from mailer.domain.token import TokenKeys


@dataclass(frozen=True, slots=True)
class Defence:
    """What holds floods back.

    Attributes:
        gatekeeper: looks at how sign-ups come.
        judging: decides them in the sending process.
    """

    gatekeeper: Gatekeeper
    judging: Judging

    @property
    def flood(self) -> Flood:
        """What is known of a flood."""
        return self.judging.flood


def set_up(settings: Settings, keys: TokenKeys, vault: Vault) -> Defence:
    """Return the defence as the settings want it; *keys* are those of links."""
    wanted = settings.signup
    proofs = Proofs(key_of(keys), wanted.proof_cost)
    flood = Flood(wanted.limits(settings.relay.messages_per_day))
    gatekeeper = Gatekeeper(
        key_of(keys),
        proofs,
        share=ClientShare(wanted.sign_ups_per_hour_and_client),
        suspects_wait=timedelta(seconds=wanted.suspects_wait_seconds),
        is_attack=lambda: flood.is_attack,
    )
    return Defence(gatekeeper, Judging(vault, flood, proofs))
