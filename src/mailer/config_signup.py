"""Settings of the sign-up defence: [signup] of mailer.toml; config.py has the others.

The defaults suit a newsroom of some thousand readers; docs/sign-up-defence.md says when to change one.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mailer.domain.flood import FloodLimits


class SignUpSettings(BaseModel):
    """[signup]: what holds floods of sign-ups back (docs/sign-up-defence.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mails_per_hour: Annotated[int | None, Field(ge=1, le=1_000_000)] = 600
    """Most mails in an hour that sign-ups send, to all addresses together."""
    mails_per_hour_to_domain: Annotated[int | None, Field(ge=1, le=1_000_000)] = 30
    """The same to one receiving domain, such as a newspaper's own."""
    mails_per_hour_to_provider: Annotated[int | None, Field(ge=1, le=1_000_000)] = 300
    """The same to one domain of a large provider, such as gmail.com."""
    sign_ups_per_hour_and_client: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Sign-ups in an hour from one place on the network (IPv4 address or IPv6 /64); others wait."""
    suspects_wait_seconds: Annotated[float, Field(ge=0, le=86_400)] = 5
    """How long a sign-up waits that looks like a program's; 0: not at all."""
    attack_at: Annotated[int, Field(ge=2, le=1_000_000)] = 100
    """So many sign-ups in ten minutes, or so many that wait, are an attack: browsers are then given work."""
    proof_cost: Annotated[int, Field(ge=100, le=1_000_000)] = 5_000
    """How much work: rounds of PBKDF2 for each of some 256 tries."""
    most_waiting: Annotated[int, Field(ge=100, le=10_000_000)] = 100_000
    """So many sign-ups may wait; above, those without proof of work are dropped, and counted."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Whose X-Forwarded-For is believed: addresses or networks of reverse proxies."""

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for each in proxies:
                ip_network(each)
        except ValueError:
            raise ValueError(
                'is not a list of networks; write your proxies as ["127.0.0.1", "10.0.0.0/24"]'
            ) from None
        return proxies

    @model_validator(mode="after")
    def _domain_within_all(self) -> Self:
        domain, provider = self.mails_per_hour_to_domain, self.mails_per_hour_to_provider
        if domain is not None and provider is not None and domain > provider:
            raise ValueError(
                "mails_per_hour_to_domain is above mails_per_hour_to_provider; a large provider takes at "
                "least as much as any other domain, so raise that or lower this"
            )
        return self

    @classmethod
    def wide_open(cls) -> SignUpSettings:
        """Return settings that hold nothing back: for a demonstration, where nobody is a stranger."""
        return cls(
            mails_per_hour=None,
            mails_per_hour_to_domain=None,
            mails_per_hour_to_provider=None,
            sign_ups_per_hour_and_client=1_000_000,
            suspects_wait_seconds=0,
            attack_at=1_000_000,
        )

    def limits(self, messages_per_day: int | None) -> FloodLimits:
        """Return the caps of a relay that takes so many messages a day; None is no limit."""
        return FloodLimits(
            mails_per_hour=self.mails_per_hour,
            per_domain=self.mails_per_hour_to_domain,
            per_provider=self.mails_per_hour_to_provider,
            attack_at=self.attack_at,
            most_waiting=self.most_waiting,
        ).within_a_day_of(messages_per_day)
