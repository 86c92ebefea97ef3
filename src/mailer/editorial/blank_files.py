"""The empty files of a week, one for each topic and language, for writers to fill in.

The body stays empty on purpose: a template's "write here" would one day be mailed to every reader.
"""

from __future__ import annotations

from mailer.domain.commentary import TextState
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.cell_path import cell_path
from mailer.editorial.commentary_file import KEYS, MAX_FILE_BYTES
from mailer.editorial.encoding import read_text
from mailer.editorial.front_matter import FENCE, split_front_matter
from mailer.errors import InputError

# An editor may enter these for a whole week before any text is there.
_FILLED_BEFORE_WRITING = {"newsletter", "week", "topic", "language", "trend", "author", "state"}


def new_files(newsletter: Newsletter, period: Period) -> dict[str, str]:
    """Return the files of a week: path relative to the folder of all commentaries, to text.

    Topics active in *period* by position, then languages in the newsletter's order. The caller never
    writes over a file that exists: it may hold somebody's work.
    """
    return {
        cell_path(period, topic.slug, language): _blank(newsletter.slug, period, topic.slug, language)
        for topic in newsletter.topics_in(period)
        for language in newsletter.languages
    }


def is_untouched(content: bytes) -> bool:
    """Tell whether nobody has begun to write in a file that ``commentary new`` made.

    Headline, lead and text are empty, the state is draft and no other rule stands in it (a trend and
    an author may). Such files are passed over, so that a folder can be imported while one text is awaited.
    """
    try:
        text = read_text(content, place="", max_bytes=MAX_FILE_BYTES)
    except InputError:
        return False
    matter, problems = split_front_matter(text, place="", known=KEYS)
    begun = matter.entries.keys() - _FILLED_BEFORE_WRITING
    is_draft = (matter.value("state") or TextState.DRAFT).lower() == TextState.DRAFT
    return bool(matter.lines) and is_draft and not (problems or begun or matter.body)


def _blank(newsletter: str, period: Period, topic: str, language: Language) -> str:
    filled = {"newsletter": newsletter, "week": period.key, "topic": topic, "language": language.value}
    open_keys = ("trend", "headline", "lead", "author")
    lines = [f"{key}: {value}" for key, value in filled.items()] + [f"{key}:" for key in open_keys]
    return "\n".join([FENCE, *lines, f"state: {TextState.DRAFT}", FENCE, ""])
