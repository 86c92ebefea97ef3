"""Whose signature speaks for which sender."""

from __future__ import annotations

import pytest

from mailer.domain.alignment import is_aligned, is_dns_name


@pytest.mark.parametrize(
    ("domain", "sender", "expected"),
    [
        ("example.org", "desk@example.org", True),
        ("example.org", "desk@news.example.org", True),
        ("EXAMPLE.org", "desk@News.Example.ORG", True),
        ("news.example.org", "desk@example.org", False),
        ("example.org", "desk@badexample.org", False),
        ("example.org", "desk@example.org.example.net", False),
        ("org", "desk@example.org", False),
        ("", "desk@example.org", False),
    ],
)
def test_a_signature_counts_for_its_domain_and_those_below(
    domain: str, sender: str, *, expected: bool
) -> None:
    """Neither a neighbour with the same ending nor a registry speaks for a sender."""
    assert is_aligned(domain, sender) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.org", True),
        ("mailer", True),
        ("2026-11.news", True),
        ("xn--e1afmkfd.example.org", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("a." * 126 + "aa", False),
        ("example.org.", False),
        (".example.org", False),
        ("-a.example.org", False),
        ("a_b", False),
        ("навіны.example.org", False),
        ("exa mple.org", False),
        ("example.org\n", False),
        ("d;b=x", False),
        ("", False),
    ],
)
def test_a_dns_name_is_labels_and_dots(text: str, *, expected: bool) -> None:
    """What passes can stand in a signature as it is."""
    assert is_dns_name(text) is expected
