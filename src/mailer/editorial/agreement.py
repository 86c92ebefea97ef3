"""Whether commentary files agree with each other and with the newsletters they are for.

A single file can be right and still be the second text of one cell, or name another trend than its
translation. These checks see all files of an import together and name both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mailer.domain.language import Language
from mailer.domain.nearest import did_you_mean
from mailer.domain.newsletter import Newsletter
from mailer.editorial.commentary_file import CommentaryFile
from mailer.errors import Problem


def check_together(files: Sequence[CommentaryFile]) -> list[Problem]:
    """Check that files of one import agree, in the order of *files*.

    No two texts in one language of a cell; trend, rules for missing texts and public_from, which
    belong to the topic of the week, the same in every file that names them.
    """
    slugs = {file.newsletter for file in files if file.newsletter}
    # With one newsletter its name may be left out; such files belong to the one the others name.
    only = slugs.pop() if len(slugs) == 1 else None
    cells: dict[tuple[object, ...], list[CommentaryFile]] = {}
    problems: list[Problem] = []
    for file in files:
        earlier = cells.setdefault((file.newsletter or only, file.period, file.topic), [])
        problems += _disagreements(file, earlier)
        earlier.append(file)
    return problems


def check_against(files: Sequence[CommentaryFile], newsletters: Sequence[Newsletter]) -> list[Problem]:
    """Check that the newsletters have the topics and languages that the files name.

    Args:
        files: as read.
        newsletters: all that are stored; a file that names none belongs to the only one.

    Returns:
        Problems in the order of *files*, each with the line of the key when it came from the header.
    """
    by_slug = {newsletter.slug: newsletter for newsletter in newsletters}
    problems: list[Problem] = []
    for file in files:
        slug = file.newsletter or (newsletters[0].slug if len(newsletters) == 1 else None)
        if slug in by_slug:
            problems += _strangers(file, by_slug[slug])
        else:
            problems.append(file.problem("newsletter", _no_newsletter(slug, list(by_slug))))
    return problems


def _disagreements(file: CommentaryFile, earlier: Sequence[CommentaryFile]) -> Iterator[Problem]:
    twin = next((other for other in earlier if other.language == file.language), None)
    if twin is not None:
        yield file.problem(
            "language",
            f"{file.topic} has a text in {file.language} for {file.period.key} already, in {twin.place}; "
            "keep one of the two files, or correct topic, week or language in one of them",
        )
        return
    yield from _same(file, earlier, "trend", lambda each: each.trend)
    for language in file.missing:
        yield from _same(file, earlier, f"missing.{language}", _rule_for(language))
    yield from _same(file, earlier, "public_from", lambda each: each.public_from)


def _rule_for(language: Language) -> Callable[[CommentaryFile], object]:
    return lambda file: file.missing.get(language)


def _same(
    file: CommentaryFile,
    earlier: Sequence[CommentaryFile],
    key: str,
    value: Callable[[CommentaryFile], object],
) -> Iterator[Problem]:
    """Compare with the first file that names a value; a file that names none agrees with all."""
    first = next((other for other in earlier if value(other) is not None), None)
    if first is None or value(file) is None or value(file) == value(first):
        return
    line = first.lines.get(key)
    where = first.place if line is None else f"{first.place}, line {line}"
    yield file.problem(
        key,
        f"{key} is “{value(file)}” here and “{value(first)}” in {where}; {file.topic} has one for "
        f"{file.period.key}, whatever the language: write the same in both files",
    )


def _strangers(file: CommentaryFile, newsletter: Newsletter) -> Iterator[Problem]:
    """Find the names in *file* that its newsletter does not have."""
    topics = [topic.slug for topic in newsletter.topics]
    if file.topic not in topics:
        yield file.problem(
            "topic",
            f"{newsletter.slug} has no topic “{file.topic}”{did_you_mean(file.topic, topics)}; write one of "
            f"{', '.join(topics)}",
        )
    named = {"language": file.language}
    for language, rule in file.missing.items():
        named[f"missing.{language}"] = language
        if rule.lender not in {None, *newsletter.languages}:
            yield file.problem(
                f"missing.{language}",
                f"{newsletter.slug} has no texts in “{rule.lender}” to lend; write leave-out or one of "
                f"{', '.join(newsletter.languages)}",
            )
    for key, language in named.items():
        if language not in newsletter.languages:
            yield file.problem(
                key,
                f"{newsletter.slug} has no texts in “{language}” but in {', '.join(newsletter.languages)}; "
                "write one of these, or add the language to newsletter.toml first",
            )


def _no_newsletter(slug: str | None, known: Sequence[str]) -> str:
    if not known:
        return "there is no newsletter yet; run “mailer newsletter import newsletter.toml” first"
    if slug is None:
        return f"there are several newsletters; write “newsletter: {known[0]}” (one of {', '.join(known)})"
    return f"there is no newsletter “{slug}”{did_you_mean(slug, known)}; write one of {', '.join(known)}"
