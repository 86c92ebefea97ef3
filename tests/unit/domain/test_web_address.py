"""The address of the site stands in every mail's headers, so it is one that can."""

from __future__ import annotations

import pytest

from mailer.domain.web_address import web_address


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://news.example.org/", "https://news.example.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://пошта.бел/весткі", None),
        ("https://пошта.бел/news", "https://xn--80a1acn3a.xn--90ais/news"),
        ("https://x.example.org/a>b", None),
        ("https://x.example.org/a b", None),
        ('https://x.example.org/"', None),
        ("https://x.example.org/?a=b", None),
        ("ftp://x.example.org", None),
        ("news.example.org", None),
        ("https://x.example.org/" + "a" * 200, None),
    ],
)
def test_a_web_address_is_kept_as_it_travels_or_refused(written: str, kept: str | None) -> None:
    """ASCII, short, and without a sign that would end it in a header."""
    if kept is None:
        with pytest.raises(ValueError, match=r"web address|more than 200"):
            web_address(written)
    else:
        assert web_address(written) == kept
