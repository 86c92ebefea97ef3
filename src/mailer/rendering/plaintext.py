"""The plain-text half of a mail, written from the editor's Markdown and not scraped from the HTML.

Some readers see only this half, some choose it because it fetches nothing; so it is set with care:
72 columns, quotes with “> ”, links as numbered notes at the end, no word ever broken.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from mailer.rendering.markdown import markdown_parser

WIDTH = 72
"""Columns of a line: RFC 5322 asks for at most 78, and answers that quote it add two at a time."""

_HARD_BREAK = "\n"
# Lists and quotes nested without end leave this much for words.
_LEAST_WIDTH = 20


def to_text(markdown: str) -> str:
    """Return *markdown* as plain text, LF line ends, no newline at the end.

    A link becomes ``words [1]`` and its address a note after the text; a link whose words are its
    own address stays where it is.
    """
    notes = _Notes()
    blocks = _blocks(SyntaxTreeNode(markdown_parser().parse(markdown)).children, WIDTH, notes)
    if notes.addresses:
        blocks.append("\n".join(f"[{i}] {address}" for i, address in enumerate(notes.addresses, start=1)))
    return "\n\n".join(blocks)


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
    """Addresses of the links met so far, in order, each once."""

    addresses: list[str] = field(default_factory=list)

    def number(self, address: str) -> int:
        """Return the note's number, from 1."""
        if address not in self.addresses:
            self.addresses.append(address)
        return self.addresses.index(address) + 1


def _blocks(nodes: Iterable[SyntaxTreeNode], width: int, notes: _Notes) -> list[str]:
    written = (_WRITERS[node.type](node, width, notes) for node in nodes)
    return [block for block in written if block]


def _paragraph(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    return wrap(_words(node.children, notes), width)


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


def _bullets(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    return _listed(node, ["- "] * len(node.children), width, notes)


def _numbers(node: SyntaxTreeNode, width: int, notes: _Notes) -> str:
    start = int(node.attrs.get("start", 1))
    last = start + len(node.children) - 1
    marks = [f"{number}. ".ljust(len(f"{last}. ")) for number in range(start, last + 1)]
    return _listed(node, marks, width, notes)


def _listed(node: SyntaxTreeNode, marks: Sequence[str], width: int, notes: _Notes) -> str:
    items = []
    for mark, item in zip(marks, node.children, strict=True):
        inside = "\n\n".join(_blocks(item.children, width - len(mark), notes))
        hanging = textwrap.indent(inside, " " * len(mark))[len(mark) :]
        items.append(mark.rstrip() if not inside else mark + hanging)
    # CommonMark marks the paragraphs of a tight list as hidden: its items follow without a gap.
    paragraphs = (child for item in node.children for child in item.children if child.type == "paragraph")
    gap = "\n" if all(paragraph.hidden for paragraph in paragraphs) else "\n\n"
    return gap.join(items)


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
            case "inline" | "image":
                words += _words(node.children, notes)
            case _:
                words += node.content
    return words


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
}
