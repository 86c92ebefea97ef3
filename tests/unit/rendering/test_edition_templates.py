"""A mistake in a template is named with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailer.domain.language import Language
from mailer.domain.period import week
from mailer.domain.trend import Trend
from mailer.errors import RenderingError
from mailer.rendering.templates import environment, render, render_line


def rendered(folder: Path, source: str, name: str = "page.txt", **values: object) -> str:
    path = folder / "edition" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return render(environment(folder, Language.BELARUSIAN), f"edition/{name}", values)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n{{ nobody }}", r"template edition/page.txt, line 2: 'nobody' is undefined"),
        ("{% if %}", r"template edition/page.txt, line 1: Expected an expression"),
        ("a\n\n{{ 1/0 }}", r"template edition/page.txt, line 3: ZeroDivisionError: division by zero"),
        ("{{ 1|nofilter }}", r"template edition/page.txt, line 1: No filter named 'nofilter'"),
        ("{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", r"line 2: RecursionError"),
        ("{% include 'missing.txt' %}", r"line 1: 'missing.txt' not found"),
        ("{% block b %}\n{{ none.x }}{% endblock %}", r"line 2: 'None' has no attribute 'x'"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, source: str, expected: str) -> None:
    """Whatever goes wrong in a template is one RenderingError that says where."""
    with pytest.raises(RenderingError, match=expected):
        rendered(tmp_path, source)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    """A folder without the template says which one."""
    with pytest.raises(RenderingError, match=r"template edition/body\.txt: .*not found"):
        render(environment(tmp_path, Language.ENGLISH), "edition/body.txt", {})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ _('Subscribe') }}", "Падпісацца"),
        ("{{ period|period }}", "16–22\xa0лістапада"),
        ("{{ period|period_with_year }}", "16–22\xa0лістапада\xa02026\xa0г."),
        ("{{ period.first_day|day }}", "16\xa0лістапада\xa02026\xa0г."),
        ("{{ trend|trend_shape }} {{ trend|trend_words }}", "▲ Сітуацыя палепшылася"),
        (
            "{{ 'en'|only_in }} {{ 'be'|only_in }}",
            "Даступна толькі па-англійску Даступна толькі па-беларуску",
        ),
        ("{{ '*a* & b'|markdown_text }}", "_a_ & b"),
        ("{{ 'a b'|wrapped }} {{ language }}", "a b be"),
    ],
)
def test_filters_speak_the_language(tmp_path: Path, source: str, expected: str) -> None:
    """Words, dates and trends come in the environment's language."""
    words = rendered(tmp_path, source, period=week(2026, 47), trend=Trend.IMPROVED)

    assert words == expected


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    """The ending of a template decides."""
    source = "{{ words }}{{ words|markdown }}"

    assert rendered(tmp_path, source, "page.html", words="<b>") == "&lt;b&gt;<p>&lt;b&gt;</p>"
    assert rendered(tmp_path, "{{ words }}", "page.txt", words="<b>") == "<b>"


def test_a_subject_is_one_line(tmp_path: Path) -> None:
    """No line break can get from a template or a value into a header."""
    (tmp_path / "subject.txt").write_text("\n a {{ b }}\r\n", encoding="utf-8")

    line = render_line(environment(tmp_path, Language.ENGLISH), "subject.txt", {"b": "b\nBcc: c"})

    assert line == "a b Bcc: c"


def test_an_environment_is_made_once(tmp_path: Path) -> None:
    """Folder and language are the whole key."""
    assert environment(tmp_path, Language.RUSSIAN) is environment(tmp_path, Language.RUSSIAN)
    assert environment(tmp_path, Language.RUSSIAN) is not environment(tmp_path, Language.ENGLISH)
