"""Settings of trying and of what comes back: [sending] of mailer.toml; config.py has the others."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from mailer.domain.domain_name import domain_name

DomainOrNone = Annotated[str, AfterValidator(lambda domain: domain and domain_name(domain))]
"""A name in DNS as it travels, or empty."""


class SendingSettings(BaseModel):
    """[sending]: how copies are tried, and where what comes back is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    retry_minutes: tuple[Annotated[float, Field(gt=0)], ...] = (5, 15, 30, 60, 120)
    """Waits before the second, third … try; the last one repeats."""
    return_path_domain: DomainOrNone = ""
    """Domain that bounces come back to; empty takes the sender's."""
    unsubscribe_by_mail: bool = False
    """Whether somebody reads what comes to unsubscribe+…@return_path_domain; only then do mails name it."""

    @field_validator("retry_minutes")
    @classmethod
    def _some(cls, waits: tuple[float, ...]) -> tuple[float, ...]:
        if not waits:
            raise ValueError("is empty; write it as [5, 15, 30, 60, 120]")
        return waits

    @property
    def unsubscribe_domain(self) -> str:
        """Where a reader's mail program may write to leave; empty while nobody reads it."""
        return self.return_path_domain if self.unsubscribe_by_mail else ""
