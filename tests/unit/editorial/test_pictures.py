"""Pictures are found where the Markdown parser sees them, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.editorial.pictures import pictures_in, with_addresses

FOUND = {
    "plain": ("![A map](map.jpg)", ["map.jpg"]),
    "with a caption": ('![A map](map.jpg "The border (1991)")', ["map.jpg"]),
    "with spaces": ("![A map](<my map.jpg>)", ["my map.jpg"]),
    "with brackets": ("![A map](map(1).jpg)", ["map(1).jpg"]),
    "with an escape": (r"![A map](map\(1.jpg)", ["map(1.jpg"]),
    "underscores and stars": ("_a_ ![x](my_map_*1*.jpg) *b*", ["my_map_*1*.jpg"]),
    "on the next line": ("![A map](\nmap.jpg)", ["map.jpg"]),
    "words over two lines": ("> ![A\n> map](map.jpg)", ["map.jpg"]),
    "in a list": ("- one\n  - ![x](a.png)\n- ![y](b.png)", ["a.png", "b.png"]),
    "in a table": ("|a|b|\n|-|-|\n|![x](a.png)|`![y](b.png)`|", ["a.png"]),
    "in a link": ("[![x](a.png)](https://example.org/b.png)", ["a.png"]),
    "by a definition": ("![A map][m] and ![again][m]\n\n[m]: map.jpg", ["map.jpg"]),
    "in a note": ("Words.[^1]\n\n[^1]: ![x](a.png)", ["a.png"]),
    "on another site": ("![x](https://example.org/a.png)", ["https://example.org/a.png"]),
    "stored": ("![x](media:0123456789abcdef-1x1.png)", ["media:0123456789abcdef-1x1.png"]),
    "without a name": ("![x]()", [""]),
    "twice": ("![x](a.png)![y](a.png)", ["a.png", "a.png"]),
    "in code": ("`![x](a.png)` ``![`](a.png)``", []),
    "in a block of code": ("```\n![x](a.png)\n```\n\n    ![x](a.png)", []),
    "code before it": ("`](a.png)` ![x](a.png)", ["a.png"]),
    "escaped": (r"\![x](a.pdf)", []),
    "a link": ("[x](a.png) !", []),
    "words": ("Well! [see](https://example.org) ](map.jpg", []),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_picture_is_where_the_parser_sees_it(name: str) -> None:
    """Whatever stands around it; code stays code."""
    body, addresses = FOUND[name]

    shown, miswritten = pictures_in(body)

    assert [each.address for each in shown] == addresses
    assert miswritten == []


def test_only_the_address_is_changed() -> None:
    """Code with the same words, captions and everything else stay letter by letter."""
    body = '`![x](map.jpg)` [map.jpg](map.jpg)\n\n> ![x](<map.jpg> "map.jpg")\n\n![x](map.jpg)'

    shown, _ = pictures_in(body)
    after = with_addresses(body, [(each, "media:new") for each in shown])

    assert after == '`![x](map.jpg)` [map.jpg](map.jpg)\n\n> ![x](media:new "map.jpg")\n\n![x](media:new)'


def test_each_picture_has_its_line() -> None:
    """From 1, in the text."""
    shown, _ = pictures_in("![a](a.png)\n\nWords\nand ![b](b.png)\n> ![c](c.png)")

    assert [each.line for each in shown] == [1, 4, 5]


@pytest.mark.parametrize(
    "body",
    [
        "![My map](my map.jpg)",
        "![My map](map.JPG caption)",
        "Words\nand ![x](<my map.svg) more",
    ],
)
def test_what_would_not_be_seen_as_a_picture_is_found(body: str) -> None:
    """A name with a space, a caption without quotes: readers would get brackets and a file name."""
    shown, miswritten = pictures_in(body)

    assert shown == []
    assert len(miswritten) == 1
    assert "map" in miswritten[0].address


@given(st.text(alphabet="![]()<>:\\`*_-> \n\tab.jpg\"'#|&;^1", max_size=80))
def test_any_text_is_read(body: str) -> None:
    """What is found stands where it is said to, and changing nothing changes nothing."""
    shown, _ = pictures_in(body)

    assert with_addresses(body, [(each, body[each.start : each.end]) for each in shown]) == body
    assert all(body.count("\n", 0, each.start) == each.line - 1 for each in shown)


@given(
    st.lists(
        st.sampled_from(["![x](a.png)", "`![x](a.png)`", "> ", "- ", "\n\n", "**", "[", "](b)"]), max_size=12
    )
)
def test_what_is_renamed_is_what_is_shown(parts: list[str]) -> None:
    """A renamed text shows as many pictures as before, all under their new names."""
    body = "".join(parts)
    shown, _ = pictures_in(body)

    after, _ = pictures_in(with_addresses(body, [(each, "media:new") for each in shown]))

    assert [each.address for each in after] == ["media:new"] * len(shown)


@pytest.mark.parametrize("part", ["![", "![x](", "]:", "](<", "![](a.jpg ", "](" * 9 + "\n"])
def test_a_long_row_of_marks_is_read_in_time(part: str) -> None:
    """Thousands of them take no longer than the parser does."""
    pictures_in("![" + part * 5_000)
