"""What is wrong with a theme: its files one by one, then every mail that they make.

Runs in the process that renders (apart.py), for a theme may loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

from mailer.bundled import bundled
from mailer.domain.content import EditionContent, LetterContent
from mailer.domain.language import Language
from mailer.domain.nearest import did_you_mean
from mailer.errors import Problem, RenderingError
from mailer.rendering.languages import sentences
from mailer.rendering.mail import mail_environment, render_body, render_subject
from mailer.rendering.templates import TemplateFault, syntax_fault
from mailer.rendering.theme_folder import files, shown
from mailer.rendering.theme_reach import Fault, faults_of_mail, faults_of_source
from mailer.rendering.webpart import check_marks

MOST_TOLD = 20
"""Whoever mends so many starts the check again."""

_Content = EditionContent | LetterContent
# The functions that speak every language, and how many forms of a sentence they take.
_SPEAKING = {"_": 1, "gettext": 1, "ngettext": 2}
_TAKING_IN = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)


def find_faults(theme: Path, contents: Sequence[_Content]) -> list[Problem]:
    """Return what is wrong with *theme*, at most MOST_TOLD problems, those of the files first.

    Mails are only tried when every file can be read: else one mistake would be told many times.

    Raises:
        RenderingError: a file can't be looked at.
    """
    sources = _Sources(theme, mail_environment(Language.ENGLISH, theme))
    found = list(sources.problems()) or _in_mails(theme, contents)
    # The same line fails in many mails.
    return list(dict.fromkeys(found))[:MOST_TOLD]


@dataclass(frozen=True, slots=True)
class _Template:
    """A template that could be read, without what its language does with it.

    Attributes:
        needs: names of templates it can't be without, with the line.
        wants: names of templates it takes in, needed or not; None stands for one that is named only
            while a mail is made.
        is_child: whether it fills the blocks of another.
        blocks: by name, with the line.
        sentences: what it asks our words for in every language, with the line.
        reached: what it would fetch or run, with the line.
    """

    needs: tuple[tuple[str, int], ...]
    wants: frozenset[str | None]
    is_child: bool
    blocks: Mapping[str, int]
    sentences: tuple[tuple[str, int], ...]
    reached: tuple[Fault, ...]


class _Sources:
    """The files of a theme and of ours beneath."""

    def __init__(self, theme: Path, env: Environment) -> None:
        ours = bundled("templates/email")
        self._theme = theme
        self._env = env
        self._ours = {name: self._read(ours / name) for name in files(ours)}
        self._names = files(theme)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the files themselves, by name."""
        theirs: dict[str, _Template] = {}
        for name in self._names:
            try:
                theirs[name] = self._read(self._theme / name)
            except TemplateSyntaxError as error:
                yield self._unreadable(name, error)
            except UnicodeDecodeError:
                yield self._at(name, None, "this is no text in UTF-8; take it away or save it as such")
        known = self._ours | theirs
        used = _used(known, self._ours)
        bases = {name for template in known.values() for name in template.wants}
        for name, template in theirs.items():
            if name not in used and None not in bases:
                near = did_you_mean(name, self._ours)
                yield self._at(
                    name,
                    None,
                    f"no mail uses this file{near}; name it as one of ours, or take it in from one",
                )
            yield from self._dangling(name, template, known)
            if name in self._ours and (template.is_child or name in bases):
                yield from self._missing_blocks(name, template)
            yield from self._unknown_sentences(name, template)
            yield from (self._at(name, line, what) for line, what in template.reached)

    def _read(self, file: Path) -> _Template:
        source = file.read_text("utf-8")
        tree = self._env.parse(source, filename=str(file))
        # Unknown filters and tests are only met when it is compiled.
        self._env.compile(source, filename=str(file))
        taken: list[tuple[nodes.Node, Sequence[str | None]]] = [
            (each, _names(each)) for each in tree.find_all(_TAKING_IN)
        ]
        return _Template(
            needs=tuple(
                (names[0], each.lineno)
                for each, names in taken
                if len(names) == 1 and names[0] is not None and not getattr(each, "ignore_missing", False)
            ),
            wants=frozenset(name for _, names in taken for name in names),
            is_child=tree.find(nodes.Extends) is not None,
            blocks={block.name: block.lineno for block in tree.find_all(nodes.Block)},
            sentences=tuple(
                (str(said.value), call.lineno)
                for call in tree.find_all(nodes.Call)
                if isinstance(call.node, nodes.Name) and call.node.name in _SPEAKING
                for said in call.args[: _SPEAKING[call.node.name]]
                if isinstance(said, nodes.Const)
            ),
            reached=tuple(_reached(file.name, source)),
        )

    def _unreadable(self, name: str, error: TemplateSyntaxError) -> Problem:
        problem = syntax_fault(self._env, error).problem
        filter_ = (error.message or "").removeprefix("No filter named '").partition("'")[0]
        near = did_you_mean(filter_, self._env.filters) if filter_ != error.message else ""
        return self._at(name, problem.line, f"{problem.message}{near}")

    def _dangling(self, name: str, template: _Template, known: Mapping[str, _Template]) -> Iterator[Problem]:
        for wanted, line in template.needs:
            if wanted not in known and wanted not in self._names:
                near = did_you_mean(wanted, known)
                yield self._at(name, line, f"there is no template “{wanted}”{near}, neither yours nor ours")

    def _missing_blocks(self, name: str, template: _Template) -> Iterator[Problem]:
        for block in self._ours[name].blocks:
            if block not in template.blocks:
                strangers = [each for each in template.blocks if each not in self._ours[name].blocks]
                near = next((each for each in strangers if did_you_mean(each, [block])), "")
                instead = f" (is “{near}” meant to be it?)" if near else ""
                yield self._at(
                    name,
                    template.blocks.get(near),
                    f"the block “{block}” of our template is missing{instead}; "
                    f"write {{% block {block} %}}…{{% endblock %}}, which may be empty",
                )

    def _unknown_sentences(self, name: str, template: _Template) -> Iterator[Problem]:
        for said, line in template.sentences:
            if said not in sentences():
                near = did_you_mean(said, sentences())
                yield self._at(
                    name,
                    line,
                    f"“{said}” is no sentence of ours{near} and would stand in English in every language; "
                    'write {{ {"be": "…", "ru": "…", "en": "…"}[language] }}',
                )

    def _at(self, name: str, line: int | None, message: str) -> Problem:
        return Problem(f"{shown(self._theme)}/{name}", line, message)


def _reached(name: str, source: str) -> list[Fault]:
    # Plain text fetches nothing, whatever it looks like.
    return [] if name.endswith(".txt") else faults_of_source(source, is_style=name.endswith(".css"))


def _names(taking: nodes.Node) -> Sequence[str | None]:
    """Return the names that an extends, include or import may mean; None for one yet to be made."""
    named = getattr(taking, "template", None)
    options = [*named.items] if isinstance(named, nodes.List | nodes.Tuple) else [named]
    return [str(each.value) if isinstance(each, nodes.Const) else None for each in options]


def _used(known: Mapping[str, _Template], ours: Mapping[str, _Template]) -> set[str]:
    """Return the names of the templates that some mail takes, itself or through others."""
    waiting = list(ours)
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in known and name not in used:
            used.add(name)
            waiting += [wanted for wanted in known[name].wants if wanted is not None]
    return used


def _in_mails(theme: Path, contents: Sequence[_Content]) -> Iterator[Problem]:
    for content in contents:
        name = "edition" if isinstance(content, EditionContent) else str(content.kind)
        parts: list[tuple[str, Callable[[], object]]] = [
            ("subject.txt", partial(render_subject, name, content, theme)),
            ("body.html", partial(_html, name, content, theme)),
            ("body.txt", partial(render_body, f"{name}/body.txt", content, theme, subject="A subject")),
        ]
        for file, rendered in parts:
            try:
                rendered()
            except TemplateFault as fault:
                yield _placed(fault.problem, theme)
            except RenderingError as error:
                yield _in_sum(error, theme, f"{name}/{file}")


def _in_sum(error: RenderingError, theme: Path, template: str) -> Problem:
    """Return what is wrong with a whole part of a mail, which no single line can be blamed for."""
    if (theme / template).exists():
        return Problem(f"{shown(theme)}/{template}", None, str(error).removeprefix(template).lstrip(": "))
    return Problem(shown(theme), None, str(error))


def _placed(problem: Problem, theme: Path) -> Problem:
    """Say so where the line that failed is ours, and the reason somewhere in the theme."""
    if problem.place.startswith(shown(theme)):
        return problem
    return replace(problem, place=f"our {problem.place}")


def _html(name: str, content: _Content, theme: Path) -> None:
    html = render_body(f"{name}/body.html", content, theme, subject="A subject")
    logo_folder = content.imprint.logo_url.rpartition("/")[0]
    for what in faults_of_mail(html, {getattr(content, "media_url", ""), logo_folder}):
        raise RenderingError(f"{name}/body.html: {what}")
    if isinstance(content, EditionContent):
        check_marks(f"{name}/body.html", html)
