"""What the desk says of sign-ups that wait, and of an attack on the sign-up form."""

from __future__ import annotations

from datetime import UTC, datetime

from mailer.storage.signups import Waiting
from mailer.web.site import Site


def flood_in_words(site: Site, waiting: Waiting) -> list[str]:
    """Return what operators should know, in full sentences; nothing where sign-ups come as usual."""
    lines = []
    flood = site.defence.flood if site.defence else None
    if flood is not None and flood.attack_since is not None:
        lines.append(
            f"Sign-ups have flooded in since {_time(flood.attack_since)}. Nothing has to be done: browsers "
            "are given some work before they sign up, and the rest waits. It ends by itself, half an hour "
            "after the flood."
        )
    if waiting.until is not None:
        many = f"{waiting.many:,} sign-ups wait" if waiting.many > 1 else "One sign-up waits"
        lines.append(
            f"{many} for a mail to confirm, until {_time(waiting.until)} at the latest, so that nobody’s "
            "mailbox is flooded. Your readers’ issues do not wait for them."
        )
    if flood is not None and flood.dropped_count:
        lines.append(
            f"{flood.dropped_count:,} sign-ups were dropped since this program started: they had waited for "
            "three days, or too many waited ([signup] most_waiting)."
        )
    return lines


def _time(moment: datetime) -> str:
    there = moment.astimezone(UTC)
    return f"{there:%a} {there.day} {there:%b, %H:%M} (UTC)"
