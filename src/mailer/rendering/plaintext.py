"""The plain-text half of a mail, written from the editor's Markdown and not scraped from the HTML.

Some readers see only this half, some choose it because it fetches nothing; so it is set with care:
72 columns, quotes with “> ”, links and footnotes as one row of numbered notes at the end, no word ever
broken.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from mailer.domain.language import Language
from mailer.rendering.languages import translations
from mailer.rendering.markdown import parse_markdown
from mailer.rendering.pictures import lone_picture, picture_of

WIDTH = 72
"""Columns of a line: RFC 5322 asks for at most 78, and answers that quote it add two at a time."""

_HARD_BREAK = "\n"
# Lists and quotes nested without end leave this much for words.
_LEAST_WIDTH = 20


def to_text(markdown: str, language: Language) -> str:
    """Return *markdown* as plain text, LF line ends, no newline at the end.

    A link becomes ``words [1]`` and its address a note after the text; a link whose words are its
    own address stays where it is. Footnotes are numbered in the same row.
    """
    nodes = SyntaxTreeNode(parse_markdown(markdown, language)).children
    footnotes = [note for node in nodes if node.type == "footnote_block" for note in node.children]
    notes = _Notes(language)
    blocks = _blocks(nodes, WIDTH, notes)
    written: list[str] = []
    # What a footnote links to becomes a note in its turn: the list grows while it is written.
    for number, note in enumerate(notes.entries, start=1):
        mark = f"[{number}] "
        words = note if isinstance(note, str) else _footnote(footnotes[note], WIDTH - len(mark), notes)
        written.append(_hanging(mark, words))
    return "\n\n".join([*blocks, "\n".join(written)] if written else blocks)


def wrap(text: str, width: int = WIDTH) -> str:
    """Return *text* in lines of at most *width* columns; line breaks in it stay, long words too."""
    lines = []
    for line in text.split("\n"):
        lines += textwrap.wrap(
            line, max(width, _LEAST_WIDTH), break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines).strip("\n")


@dataclass(slots=True)
class _Notes:
    """Addresses of links and ids of footnotes met so far, in order, each once."""

    language: Language
    entries: list[str | int] = field(default_factory=list)
    numbers: dict[str | int, int] = field(default_factory=dict)

    def number(self, entry: str | int) -> int:
        """Return the note's number, from 1."""
        if entry not in self.numbers:
            self.entries.append(entry)
            self.numbers[entry] = len(self.entries)
        return self.numbers[entry]


def _blocks(nodes: Iterable[SyntaxTreeNode], width: int, notes: _Notes) -> list[str]:
    written = (_WRITERS[node.type](node, width, notes) for node in nodes)
    return [block for block in written if block]


def _footnote(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    return "\n\n".join(_blocks(node.children, width, notes))


def _paragraph(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    words = wrap(_words(node.children, notes), width)
    for child in node.children:
        picture = lone_picture(child.token) if child.type == "inline" and child.token else None
        if picture and picture.attrs.get("title"):
            words += "\n" + wrap(str(picture.attrs["title"]), width)
    return words.strip("\n")


def _heading(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    title = _paragraph(node, width, notes)
    longest = max((len(line) for line in title.split("\n")), default=0)
    return f"{title}\n{'-' * longest}" if title else ""


def _quote(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    inside = "\n\n".join(_blocks(node.children, width - 2, notes))
    return textwrap.indent(inside, "> ", lambda _: True).replace("> \n", ">\n")


def _code(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:  # noqa: ARG001 - one signature for all
    return textwrap.indent(node.content.rstrip("\n"), "    ")


def _rule(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:  # noqa: ARG001 - one signature for all
    return "* * *".center(width).rstrip()


def _nothing(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:  # noqa: ARG001 - one signature for all
    return ""


def _bullets(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    return _listed(node, ["- "] * len(node.children), width, notes)


def _numbers(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    start = int(node.attrs.get("start", 1))
    last = start + len(node.children) - 1
    marks = [f"{number}. ".ljust(len(f"{last}. ")) for number in range(start, last + 1)]
    return _listed(node, marks, width, notes)


def _listed(node: SyntaxTreeNode, marks: Sequence[str], width: int, notes: _Notes) -> str:
    # CommonMark marks the paragraphs of a tight list as hidden: neither its items nor what stands in
    # them, such as another list, have a gap between them.
    paragraphs = (child for item in node.children for child in item.children if child.type == "paragraph")
    gap = "\n" if all(paragraph.hidden for paragraph in paragraphs) else "\n\n"
    items = []
    for mark, item in zip(marks, node.children, strict=True):
        inside = gap.join(_blocks(item.children, width - len(mark), notes))
        items.append(_hanging(mark, inside))
    return gap.join(items)


def _hanging(mark: str, words: str) -> str:
    """Write *words* to the right of *mark*, all their lines."""
    return (mark + textwrap.indent(words, " " * len(mark))[len(mark) :]).rstrip()


def _table(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    rows = [
        [_words(cell.children, notes).replace(_HARD_BREAK, " ") for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > width:
        return _records(rows, width)
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def _records(rows: Sequence[Sequence[str]], width: int) -> str:
    """Write a table too wide for the page as one “heading: cell” list per row."""
    headings = rows[0]
    records = []
    for row in rows[1:]:
        pairs = zip(headings, row, strict=True)
        lines = [wrap(f"{heading}: {cell}".removeprefix(": "), width) for heading, cell in pairs]
        records.append("\n".join(lines))
    return "\n\n".join(records)


def _words(nodes: Iterable[SyntaxTreeNode], notes: _Notes) -> str:
    """Write what stands inside a line; emphasis as people type it."""
    words = ""
    for node in nodes:
        match node.type:
            case "softbreak":
                words += " "
            case "hardbreak":
                words += _HARD_BREAK
            case "em":
                words += f"_{_words(node.children, notes)}_"
            case "strong":
                words += f"*{_words(node.children, notes)}*"
            case "link":
                words += _link(node, notes)
            case "image":
                words += _picture(node, notes)
            case "footnote_ref":
                words += f" [{notes.number(int(node.meta['id']))}]"
            case "inline":
                words += _words(node.children, notes)
            case _:
                words += node.content
    return words


def _picture(node: SyntaxTreeNode, notes: _Notes) -> str:
    """Write what a picture shows; that there is one only where the HTML half shows it."""
    description = _words(node.children, notes)
    if not description or node.token is None or picture_of(node.token) is None:
        return description
    sentence = translations(notes.language).gettext("Picture: %(description)s")
    return f"[{sentence % {'description': description}}]"


def _link(node: SyntaxTreeNode, notes: _Notes) -> str:
    words = _words(node.children, notes)
    address = str(node.attrs["href"]).removeprefix("mailto:")
    if node.info == "auto":
        return words.removeprefix("mailto:")
    if words in {"", address}:
        return address
    return f"{words} [{notes.number(address)}]"


_WRITERS: dict[str, Callable[[SyntaxTreeNode, int, _Notes], str]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "blockquote": _quote,
    "fence": _code,
    "code_block": _code,
    "hr": _rule,
    "bullet_list": _bullets,
    "ordered_list": _numbers,
    "table": _table,
    # Notes are written last, in the row of all notes; their arrows lead nowhere here.
    "footnote_block": _nothing,
    "footnote_anchor": _nothing,
}
