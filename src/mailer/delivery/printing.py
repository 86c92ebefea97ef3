"""The printing: every edition of an issue as finished bytes, and the checks that only these allow.

A release prints before it freezes anything, and “mailer issue check” prints to look; both judge alike.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from mailer.delivery.letterpress import letterhead
from mailer.domain.checks.weight import HTML_HOLDS_BYTES, Measure, unfit_edition
from mailer.domain.content import RenderedMail
from mailer.domain.edition_name import edition_name
from mailer.domain.finding import Check, Finding, blocking, by_weight
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter
from mailer.domain.plan import Plan, plan_for
from mailer.domain.token import LINK_CHARS
from mailer.editorial import contents
from mailer.editorial.draft import Draft
from mailer.errors import RenderingError
from mailer.rendering import holes
from mailer.rendering.apart import render_apart
from mailer.rendering.letterhead import edition_skeleton
from mailer.rendering.skeleton import Hole, Skeleton
from mailer.rendering.theme_check import theme_problems
from mailer.rendering.theme_folder import OURS_ALONE, Themes
from mailer.storage import Database, freeze

_log = structlog.get_logger()
_RENDER_S = 60.0
_RENDER_BYTES = 1 << 30
_USUAL = {
    Hole.TO: b"reader@mail.example.org",
    Hole.MESSAGE_ID: b"m" * 24,
    Hole.TOKEN: b"t" * LINK_CHARS,
    Hole.RETURN_TOKEN: b"r" * len(holes.RETURN_TOKEN),
}
"""What stands in the holes of a usual reader's copy."""


@dataclass(frozen=True, slots=True)
class Printed:
    """One edition as it would be frozen.

    Attributes:
        name: as people and files call it.
    """

    plan: Plan
    name: str
    mail: RenderedMail
    skeleton: Skeleton

    @property
    def measure(self) -> Measure:
        """What it weighs."""
        html, text = self.mail.html, self.mail.text
        return Measure(
            edition=self.name,
            language=self.plan.language,
            subject=self.mail.subject,
            html_bytes=len(html.encode()),
            text_bytes=len(text.encode()) if text.strip() else 0,
            message_bytes=len(self.skeleton.fill(_USUAL)),
            has_ways_out=holes.TOKEN in html and holes.TOKEN in text,
        )


@dataclass(frozen=True, slots=True)
class Inspection:
    """A draft with everything that checks say of it.

    Attributes:
        draft: its findings include those of the finished editions.
        editions: that somebody could get, in the order of languages and choices; empty where they
            can't be rendered.
        readers: by the edition's name, how many get it now; editions without any are absent.
    """

    draft: Draft
    editions: tuple[Printed, ...]
    readers: Mapping[str, int]


async def print_editions(
    found: Draft, links: Links, *, date: datetime, themes: Themes = OURS_ALONE
) -> dict[str, Printed]:
    """
    Return the editions of an issue by their plans' keys; a plan without a text has none.

    Args:
        found: the issue.
        links: of the site.
        date: of each copy.
        themes: each newsletter's own templates.

    Raises:
        RenderingError: a template or text can't be rendered.
    """
    plans = {plan.key: plan for plan in contents.plans(found.grid).values() if plan.cells}
    said = [contents.edition_content(found.grid, found.issue, plan, links) for plan in plans.values()]
    folder = themes.of(found.newsletter.slug)
    mails = await asyncio.to_thread(
        render_apart, said, timeout_s=_RENDER_S, memory_bytes=_RENDER_BYTES, folder=folder
    )
    return {
        plan.key: _printed(found, plan, mail, links, date)
        for plan, mail in zip(plans.values(), mails, strict=True)
    }


def discreet(found: Draft, usual: Printed, links: Links, *, date: datetime) -> Printed:
    """Return what discreet readers get in place of the *usual* edition: the same texts, neutrally dressed."""
    # Imported when somebody is discreet: it reads the files of strings.
    from mailer.rendering.discretion import discreet_mail, discreet_sender_name

    newsletter, language = found.newsletter, usual.plan.language
    mail = discreet_mail(usual.mail, newsletter.discreet_subject.get(language, ""))
    name = discreet_sender_name(language, newsletter.discreet_sender_name.get(language, ""))
    plain = letterhead(newsletter, language, links).discreet(name)
    return replace(
        usual, mail=mail, skeleton=edition_skeleton(mail, plain, issue_key=found.issue.key, date=date)
    )


def unfit(editions: Mapping[str, Printed], *, html_holds_bytes: int = HTML_HOLDS_BYTES) -> list[Finding]:
    """Say what mailboxes would cut off, hide or refuse of *editions*."""
    return [
        finding
        for printed in editions.values()
        for finding in unfit_edition(printed.measure, html_holds_bytes=html_holds_bytes)
    ]


async def inspect(
    database: Database, found: Draft, links: Links, *, date: datetime, themes: Themes = OURS_ALONE
) -> Inspection:
    """
    Print the editions of a draft to look at them, and judge them as a release would.

    What keeps them from being rendered is a finding here, since whoever looks wants to know all.
    """
    try:
        if findings := await theme_findings(themes, found.newsletter):
            editions = {}
        else:
            editions = await print_editions(found, links, date=date, themes=themes)
            findings = unfit(editions)
    except RenderingError as error:
        editions, findings = {}, [_not_rendered(error)]
    audience = await database.read(lambda tx: freeze.audience(tx, found.newsletter.slug, date))
    by_choice = contents.plans(found.grid)
    readers: Counter[str] = Counter()
    for choice, count in audience.items():
        printed = editions.get(by_choice[choice.language, choice.missing].key)
        if printed is not None:
            readers[printed.name] += count
    judged = replace(found, findings=by_weight([*found.findings, *findings]))
    return Inspection(judged, tuple(editions.values()), readers)


async def theme_findings(themes: Themes, newsletter: Newsletter) -> list[Finding]:
    """Say what is wrong with a newsletter's own templates; each fault holds its issues."""
    problems = await asyncio.to_thread(theme_problems, themes, newsletter)
    return [
        blocking(Check.THEME, f"the newsletter’s own templates have a fault: {problem}")
        for problem in problems
    ]


async def report_theme_faults(themes: Themes, newsletters: Iterable[Newsletter]) -> None:
    """Say in the log what is wrong with the templates of each newsletter.

    Nothing else is done about it: pages need none, a Letter goes out in our form, an issue is held.
    """
    for newsletter in newsletters:
        for finding in await theme_findings(themes, newsletter):
            _log.error("theme.holds_issues", newsletter=newsletter.slug, reason=finding.message)


def _printed(found: Draft, plan: Plan, mail: RenderedMail, links: Links, date: datetime) -> Printed:
    skeleton = edition_skeleton(
        mail, letterhead(found.newsletter, plan.language, links), issue_key=found.issue.key, date=date
    )
    return Printed(plan, edition_name(plan, plan_for(found.grid, plan.language, None)), mail, skeleton)


def _not_rendered(error: RenderingError) -> Finding:
    return blocking(
        Check.NOT_RENDERED,
        f"the editions can’t be made: {error}",
        "mend what it names among the newsletter’s own templates, or the text",
    )
