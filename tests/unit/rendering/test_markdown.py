"""What editors write becomes HTML that is safe in a mail and on a page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.rendering.markdown import to_html

ALLOWED = (
    "p br hr em strong code pre blockquote a ul ol li h3 h4 h5 h6 table thead tbody tr th td".split()  # noqa: SIM905
)
MARKUP = st.text(alphabet="ab <>\"'&=/()[]!#*_`|:-\n\\", max_size=200) | st.sampled_from(
    ["<script>x</script>", "[a](javascript:x)", "![a](http://a.example/b)", "<img src=x onerror=y>"]
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
        ("##### A", "<h6>A</h6>"),
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


def test_a_link_leads_out_and_takes_nothing_along() -> None:
    """A link keeps its address and tells the site it leads to neither opener nor referrer."""
    html = to_html("[x](https://example.org/?a=1&b=2)")

    assert html == '<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">x</a></p>'


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


@pytest.mark.parametrize("url", ["https://evil.example/pixel.png", "data:image/png;base64,AAAA", "/a.png"])
def test_a_picture_becomes_its_description(url: str) -> None:
    """No picture is ever fetched: that would tell somebody who reads."""
    html = to_html(f"a ![The *border* <post>]({url}) b")

    assert "<img" not in html
    assert "evil.example" not in html


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
    """Whatever is typed, the HTML holds only tags and attributes we know."""
    for tag, attributes in Tags(to_html(markdown)).met:
        assert tag in ALLOWED
        assert set(attributes) <= {"href", "title", "rel", "start"}
        assert (attributes.get("href") or "https:").startswith(("http:", "https:", "mailto:"))
