"""What editors write becomes HTML that is safe in a mail and on a page."""

from __future__ import annotations

import re
from functools import partial
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.rendering import markdown as written

MEDIA = "https://news.example.org/media"
PICTURE = "0123456789abcdef-1120x630.jpg"
to_html = partial(written.to_html, language=Language.ENGLISH, anchor="russia", media_url=MEDIA)

ALLOWED = set(re.findall(r"\w+", "p br hr em strong code pre blockquote a ul ol li h3 h4 h5 h6 div img sup"))
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"href", "title", "start", "src", "alt", "width", "height", "scope", "class", "id", "aria-label"}
MARKUP = st.text(alphabet="ab <>\"'&=/()[]!#*_`|:-\n\\^1", max_size=200) | st.sampled_from(
    [
        "<script>x</script>",
        "[a](javascript:x)",
        "![a](http://a.example/b)",
        "<img src=x onerror=y>",
        f"![a](media:{PICTURE} 't')",
        f"\n\n![a](media:{PICTURE} 't')\n\n",
        "[^1]",
        "\n\n[^1]: note\n\n",
        "\n\n|a|b|\n|-|:-:|\n|1|2|\n\n",
    ]
)


class Tags(HTMLParser):
    """Every start tag of a piece of HTML with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.met: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.met.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Адзін *два* **тры**", "<p>Адзін <em>два</em> <strong>тры</strong></p>"),
        ("# A", "<h3>A</h3>"),
        ("##### A", "<h3>A</h3>"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(markdown: str, expected: str) -> None:
    """CommonMark as people know it; headings begin below the mail's own."""
    assert to_html(markdown) == expected


def test_a_link_leads_out() -> None:
    """A link keeps its address, to the letter."""
    html = to_html("[x](https://example.org/?a=1&b=2--3)")

    assert html == '<p><a href="https://example.org/?a=1&amp;b=2--3">x</a></p>'


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#x73;cript:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example/x",
        "/relative",
        "https:",
    ],
)
def test_what_leads_elsewhere_is_no_link(url: str) -> None:
    """Only the web and mailboxes can be linked to; anything else stays as it was typed."""
    html = to_html(f"[x]({url})")

    assert "<a" not in html
    assert html.startswith("<p>[x](")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/pixel.png",
        f"{MEDIA}/{PICTURE}",
        "data:image/png;base64,AAAA",
        "/a.png",
        "media:../../secret.png",
        f"media:{PICTURE}.exe",
        f"MEDIA:{PICTURE}",
    ],
)
def test_a_picture_from_elsewhere_becomes_its_description(url: str) -> None:
    """No such picture is ever fetched: that would tell somebody who reads."""
    html = to_html(f"a ![The *border* <post>]({url}) b")

    assert html == "<p>a The border &lt;post&gt; b</p>"


def test_a_picture_of_ours_is_shown_as_wide_as_the_column() -> None:
    """It has its description, and its size in pixels of the page, so that nothing jumps."""
    html = to_html(f"See ![A & <b>](media:{PICTURE}) there")

    assert html == (
        f'<p>See <img src="{MEDIA}/{PICTURE}" alt="A &amp; &lt;b&gt;" width="560" height="315"> there</p>'
    )


def test_a_small_picture_keeps_its_size() -> None:
    """Nothing is blown up; nothing is flattened to no height."""
    assert 'width="300" height="200"' in to_html("![a](media:0123456789abcdef-300x200.png)")
    assert 'width="560" height="1"' in to_html("![a](media:0123456789abcdef-9000x1.png)")


def test_a_picture_alone_is_a_block_with_its_caption() -> None:
    """Its Markdown title is the caption, typeset as all words are."""
    html = to_html(f'![Post](media:{PICTURE} "The <post> - \\"ours\\"")')

    assert html == (
        f'<div class="picture"><img src="{MEDIA}/{PICTURE}" alt="Post" width="560" height="315">\n'
        '<p class="caption">The &lt;post&gt;\N{NO-BREAK SPACE}– “ours”</p></div>'
    )


def test_without_a_place_for_pictures_there_is_the_description() -> None:
    """A preview without an installation shows words."""
    assert to_html(f'![Post](media:{PICTURE} "c")', media_url="") == "<p>Post</p>"


def test_footnotes_lead_there_and_back() -> None:
    """Each mention leads to its note, the note to each mention; ids carry the topic."""
    html = to_html("a[^n] b[^n]\n\n[^n]: The *note*.")

    links = {attributes["href"]: attributes for tag, attributes in Tags(html).met if tag == "a"}
    ids = {attributes["id"] for _, attributes in Tags(html).met if "id" in attributes}
    assert set(links) == {"#fn-russia-1", "#fnref-russia-1", "#fnref-russia-1-2"}
    assert {f"#{each}" for each in ids} == set(links)
    assert links["#fnref-russia-1"]["aria-label"] == "Back to the text (note 1)"
    assert links["#fnref-russia-1-2"]["aria-label"] == "Back to the text (note 1, mention 2)"
    assert 'aria-label="Note 1">1</a></sup>' in html


@pytest.mark.parametrize(
    ("markdown", "link"),
    [
        ("See https://example.org/a_b_c--d?q='x'.", "https://example.org/a_b_c--d?q='x'"),
        ("(http://example.org/)", "http://example.org/"),
        ("**https://example.org/a**", "https://example.org/a"),
        ("a[^n]\n\n[^n]: https://example.org/n", "https://example.org/n"),
    ],
)
def test_a_bare_address_is_a_link(markdown: str, link: str) -> None:
    """Its words are the address as it was typed, and no typography comes near it."""
    assert f'<a href="{link}">{link}</a>' in to_html(markdown).replace("&#x27;", "'")


@pytest.mark.parametrize(
    "words",
    [
        "example.org",
        "www.example.org",
        "a@example.org",
        "ftp://example.org/",
        "//example.org",
        "`https://example.org/`",
    ],
)
def test_other_words_are_no_link(words: str) -> None:
    """A name, a mail address and code stay what they are."""
    assert "<a" not in to_html(f"See {words} now")


def test_two_texts_without_a_topic_may_not_share_a_page() -> None:
    """Without an anchor the ids are short."""
    assert 'href="#fn-1"' in to_html("a[^1]\n\n[^1]: b", anchor="")


def test_what_names_no_note_stays() -> None:
    """A reference without a note is shown as typed, so that the editor sees it."""
    assert to_html("a[^1]") == "<p>a[^1]</p>"


def test_a_table_names_its_columns() -> None:
    """Headings say what they head; the side is a class for the mail's sheet."""
    html = to_html("| a | b |\n|---|--:|\n| 1 | 2 |")

    assert '<table class="data">' in html
    assert '<th scope="col">a</th>' in html
    assert '<th class="right" scope="col">b</th>' in html
    assert '<td class="right">2</td>' in html


def test_words_are_set_across_markup() -> None:
    """A quotation closes where it closes, whatever is bold; code and addresses stay."""
    html = to_html('"*Minsk*" - `a--"b"` and\n<https://example.org/a--b>')

    assert html == (
        "<p>“<em>Minsk</em>”\N{NO-BREAK SPACE}– <code>a--&quot;b&quot;</code> and "
        '<a href="https://example.org/a--b">https://example.org/a--b</a></p>'
    ).replace("&quot;", '"')


def test_a_description_is_escaped() -> None:
    """What describes a picture is text, not markup."""
    assert to_html("![A & <b>](https://example.org/a.png)") == "<p>A &amp; &lt;b&gt;</p>"


def test_raw_html_is_shown_as_typed() -> None:
    """A tag typed into a text is text."""
    assert to_html("<script>x</script> <b>y</b>") == (
        "<p>&lt;script&gt;x&lt;/script&gt; &lt;b&gt;y&lt;/b&gt;</p>"
    )


@given(st.lists(MARKUP, max_size=5).map("".join))
def test_only_known_tags_come_out(markdown: str) -> None:
    """Whatever is typed, the HTML holds only tags and attributes we know, and nh3 has no more to do."""
    html = to_html(markdown)

    assert written.clean(html, MEDIA) == html
    for tag, attributes in Tags(html).met:
        assert tag in ALLOWED
        assert set(attributes) <= ATTRIBUTES
        assert (attributes.get("href") or "https:").startswith(("http:", "https:", "mailto:", "#fn"))
        assert (attributes.get("src") or f"{MEDIA}/{PICTURE}") == f"{MEDIA}/{PICTURE}"


def test_the_fence_drops_a_picture_that_is_not_ours() -> None:
    """Were the parser ever wrong about a picture, nh3 takes its address away."""
    html = written.clean('<img src="https://evil.example/0123456789abcdef-1x1.png" alt="a">', MEDIA)

    assert html == '<img alt="a">'
