# ruff: noqa: E501, ISC004 - a sentence stands whole in its row, as it is printed
"""A newsletter's own templates are tried out before a mail is made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailer.bundled import bundled
from mailer.domain.language import Language
from mailer.editorial.sample import sample_newsletter
from mailer.errors import RenderingError
from mailer.rendering.edition import render_edition
from mailer.rendering.letter import render_letter
from mailer.rendering.mail import mail_environment
from mailer.rendering.specimens import specimens
from mailer.rendering.templates import render
from mailer.rendering.theme_check import check_theme, theme_problems
from mailer.rendering.theme_faults import MOST_TOLD, find_faults
from mailer.rendering.theme_folder import Themes, files, stamp

OURS = bundled("templates/email")
# One language is quicker; that every language is tried is a test of its own.
NEWSLETTER = replace(sample_newsletter(), languages=(Language.BELARUSIAN,))
SPECIMENS = specimens(NEWSLETTER)


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    """An empty folder where templates go before ours."""
    folder = tmp_path / "themes" / "weekly"
    folder.mkdir(parents=True)
    return folder


def put(theme: Path, name: str, source: str) -> None:
    (theme / name).parent.mkdir(parents=True, exist_ok=True)
    (theme / name).write_text(source, encoding="utf-8")


def ours(name: str, old: str = "", new: str = "") -> str:
    source = (OURS / name).read_text("utf-8")
    assert old in source
    return source.replace(old, new, 1)


def problems(theme: Path) -> list[str]:
    return [str(each).removeprefix("themes/weekly/") for each in find_faults(theme, SPECIMENS)]


def line_of(source: str, words: str) -> int:
    return source[: source.index(words)].count("\n") + 1


def test_our_own_templates_have_no_fault(theme: Path) -> None:
    """A copy of every file of ours is a theme as good as none."""
    for name in files(OURS):
        put(theme, name, ours(name))

    assert problems(theme) == []


def test_a_theme_may_bring_files_of_its_own(theme: Path) -> None:
    """What one of ours takes in is used, through any number of others."""
    put(theme, "_base/style.css", '{% include "colours/blue.css" %}\n' + ours("_base/style.css"))
    put(
        theme,
        "colours/blue.css",
        '{% include ["none.css", "colours/sky.css"] %}{% include "x" ignore missing %}',
    )
    put(theme, "colours/sky.css", "p { color: #00427a }")

    assert problems(theme) == []


@pytest.mark.parametrize("name", [".git/config", "edition/.body.html.swp", "edition/body.html~", ".DS_Store"])
def test_what_editors_leave_behind_is_not_looked_at(theme: Path, name: str) -> None:
    """A backup beside the file that was changed does not stop the service."""
    put(theme, name, "{{")

    assert problems(theme) == []


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        (
            "edtion/body.html",
            "x",
            "edtion/body.html: no mail uses this file (did you mean “edition/body.html”?); "
            "name it as one of ours, or take it in from one",
        ),
        ("edition/subject.txt", "a\n{% if %}", "edition/subject.txt, line 2: Expected an expression, got 'end of statement block'"),
        ("edition/subject.txt", "{{ 1 ", "edition/subject.txt, line 1: unexpected end of template, expected 'end of print statement'"),
        ("edition/subject.txt", "a\n{{ content.title|uper }}", "edition/subject.txt, line 2: No filter named 'uper' (did you mean “upper”?)"),
        ("edition/subject.txt", "{{ 1 if 2 is evenn }}", "edition/subject.txt, line 1: No test named 'evenn' found"),
        (
            "edition/subject.txt",
            '\n\n{% include "edition/foot.txt" %}',
            "edition/subject.txt, line 3: there is no template “edition/foot.txt”"
            " (did you mean “edition/body.txt”?), neither yours nor ours",
        ),
        ("edition/subject.txt", "a\n\n{{ contnt }}", "edition/subject.txt, line 3: 'contnt' is undefined"),
        (
            "edition/subject.txt",
            "a\n{{ content.titel }}",
            "edition/subject.txt, line 2: EditionContent has no “titel” (did you mean “title”?)",
        ),
        # Taken only by a mail whose blocks have no trend.
        (
            "edition/subject.txt",
            "{% for block in content.blocks %}\n{% if not block.trend %}{{ block.title }}{% endif %}{% endfor %}",
            "edition/subject.txt, line 2: Block has no “title” (did you mean “topic_title”?)",
        ),
        ("confirm/subject.txt", "{{ 1/0 }}", "confirm/subject.txt, line 1: ZeroDivisionError: division by zero"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_and_line(theme: Path, name: str, source: str, expected: str) -> None:
    """One mistake is one sentence, however many mails it spoils."""
    put(theme, name, source)

    assert problems(theme) == [expected]


def test_a_file_that_is_no_text_is_named(theme: Path) -> None:
    """A picture that was put among the templates."""
    (theme / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    assert problems(theme) == ["logo.png: this is no text in UTF-8; take it away or save it as such"]


def test_a_missing_block_is_named(theme: Path) -> None:
    """Jinja would drop what stands in a block whose name is misspelt, without a word."""
    source = ours("edition/body.html", "{% block column %}", "{% block colum %}")
    put(theme, "edition/body.html", source)

    assert problems(theme) == [
        f"edition/body.html, line {line_of(source, '{% block colum')}: the block “column” of our template is "
        "missing (is “colum” meant to be it?); write {% block column %}…{% endblock %}, which may be empty"
    ]


def test_a_base_that_loses_a_block_is_named(theme: Path) -> None:
    """Ours and the theme's own mails would say nothing in it."""
    put(theme, "_base/layout.html", "<html>{% block preheader %}{% endblock %}</html>")

    assert "_base/layout.html: the block “column” of our template is missing" in problems(theme)[0]


def test_a_mail_that_stands_alone_needs_no_blocks(theme: Path) -> None:
    """A designer's own document has no block, and only needs what makes it a mail of ours."""
    body = "<html><body><!-- content -->{{ content.heading }}<!-- /content -->\n{{ content.unsubscribe_url }}</body></html>"
    put(theme, "edition/body.html", body)

    assert problems(theme) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("edition/body.txt", "{{ content.unsubscribe_url }}", "", "shows the reader's own link 0 times, it must be 1"),
        ("edition/body.html", "<!-- /content -->", "", "must have <!-- content --> before the commentaries"),
        ("manage/body.txt", "{{ content.action_url }}", "{{ content.action_url }} {{ content.action_url }}", "2 times, it must be 1"),
    ],
)  # fmt: skip
def test_a_lost_link_or_mark_is_named(theme: Path, name: str, old: str, new: str, expected: str) -> None:
    """A reader who could not leave, or a page that could not be shown, is found before a release."""
    put(theme, name, ours(name, old, new))

    (told,) = problems(theme)

    assert told.startswith(f"{name}: ")
    assert expected in told


FETCHED = "would be fetched from another site and tell it who reads"


@pytest.mark.parametrize(
    ("name", "added", "line", "expected"),
    [
        ("edition/body.html", '<img src="http://evil.example/p.gif">', 1, "src “http://evil.example/p.gif” would be"),
        ("edition/body.html", '\n<IMG\n alt="{{ content.title }}" SRC=//evil.example/p.gif>', 2, FETCHED),
        ("edition/body.html", '<img src="data:image/png;base64,AA">', 1, FETCHED),
        ("edition/body.html", '<img srcset="https://evil.example/2.png 2x">', 1, "srcset “https://evil.example/2.png 2x”"),
        ("_base/nameplate.html", '<td background="https://evil.example/b.png">', 1, "background “https://evil"),
        ("_base/nameplate.html", "{# two\nlines #}<p style=\"background: url('https://evil.example/b.png')\">", 2, FETCHED),
        ("_base/style.css", "{% set a = 1 %}\np { background: URL( https://evil.example/b.png ) }", 2, "its style “https://evil"),
        ("_base/screens.css", "@import 'https://evil.example/a.css';", 1, FETCHED),
        ("_base/layout.html", "<style>\n@import url(https://evil.example/a.css);</style>", 2, FETCHED),
        ("_base/layout.html", '<link rel="stylesheet" href="https://evil.example/a.css">', 1, "<link> has no place in a mail"),
        ("_base/layout.html", '<!--[if mso]>\n<v:image src="https://evil.example/v.png"/><![endif]-->', 2, FETCHED),
        ("confirm/body.html", "<script>x</script>", 1, "<script> has no place in a mail"),
        ("confirm/body.html", '<form action="https://evil.example/">', 1, "<form> has no place in a mail"),
        ("confirm/body.html", "<iframe></iframe>", 1, "<iframe> has no place in a mail"),
        ("confirm/body.html", '<p onclick="x()">', 1, "onclick=… would run a program"),
        ("confirm/body.html", '<a href="javascript:x()">', 1, "would run a program"),
        ("confirm/body.html", '\n{{ _("Thanks a lot") }}', 2, "“Thanks a lot” is no sentence of ours"),
        ("confirm/body.txt", '{{ _("Unsubscribed") }}', 1, "(did you mean “Unsubscribe”?) and would stand in English"),
        ("confirm/body.txt", '{{ ngettext("a day", "b days", 2) }}', 1, "“a day” is no sentence of ours"),
        ("confirm/body.txt", "{% trans %}Thanks a lot{% endtrans %}", 1, "“Thanks a lot” is no sentence of ours"),
    ],
)  # fmt: skip
def test_a_theme_reaches_for_nothing(theme: Path, name: str, added: str, line: int, expected: str) -> None:
    """What would be fetched from elsewhere, run, or stand in English is told with file and line."""
    put(theme, name, added + ours(name))

    told = problems(theme)

    assert told[0].startswith(f"{name}, line {line}: ")
    assert expected in told[0]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("{{ 'http://' }}evil.example/p.gif", FETCHED),
        ("{{ content.unsubscribe_url }}", "src holds the reader's own link"),
        (
            "{{ content.media_url }}/0123456789abcdef-9x9.png?{{ content.unsubscribe_url }}",
            "the reader's own link",
        ),
        ("{{ content.media_url }}/../p.gif", FETCHED),
    ],
)
def test_what_a_picture_s_address_becomes_is_looked_at(theme: Path, shown: str, expected: str) -> None:
    """An address put together in a template is judged in the finished mail."""
    link = '<a href="{{ content.unsubscribe_url }}">'
    picture = f'<img alt="" src="{shown}">' + ("" if "unsubscribe" in shown else link + "x</a>")
    put(theme, "edition/body.html", f"<!-- content --><!-- /content -->\n{picture}")

    told = problems(theme)

    assert told
    assert told[0].startswith("edition/body.html: ")
    assert expected in told[0]


def test_pictures_of_ours_and_links_may_stand_in_a_theme(theme: Path) -> None:
    """Ours, pictures within the mail, and links to press."""
    kept = (
        '<img alt="" src="{{ imprint.logo_url }}"><img alt="" src="cid:a"><img alt="">'
        '<a href="https://example.org/">x</a><p style="fill: url(#a)">{{ _("Subscribe") }}</p>'
    )
    put(theme, "_base/nameplate.html", ours("_base/nameplate.html", "{% if", kept + "{% if"))
    added = '<img alt="" src="{{ content.media_url }}/0123456789abcdef-9x9.png">'
    put(theme, "edition/body.html", ours("edition/body.html", "<h1>", added + "<h1>"))

    assert problems(theme) == []


def test_a_fault_that_shows_in_a_file_of_ours_says_so(theme: Path) -> None:
    """The reader of the sentence must not look for the line in the theme."""
    put(theme, "_base/button.html", "{% macro knob(url, words) %}{% endmacro %}")

    told = problems(theme)

    assert told
    assert all(each.startswith("our ") and "_base/button.html" in each for each in told)


def test_so_many_faults_are_told_and_no_more(theme: Path) -> None:
    """A theme for another product does not fill the screen."""
    for number in range(MOST_TOLD + 5):
        put(theme, f"page{number}.html", "x")

    assert len(problems(theme)) == MOST_TOLD


def test_every_language_is_tried(theme: Path) -> None:
    """A branch for one language is no blind spot."""
    put(theme, "welcome/subject.txt", '{% if language == "en" %}\n{{ nothing }}{% endif %}')

    (found,) = check_theme(theme, sample_newsletter())

    assert str(found) == "themes/weekly/welcome/subject.txt, line 2: 'nothing' is undefined"


def test_a_theme_that_loops_is_a_problem_like_others(theme: Path) -> None:
    """The child's limits end it."""
    put(theme, "edition/subject.txt", "{% for i in range(10**9) %}{{ 'x' * 10000 }}{{ i }}{% endfor %}")

    (found,) = check_theme(theme, NEWSLETTER)

    assert found.place.startswith("themes/weekly")
    assert "memory" in found.message


def test_the_specimens_take_every_kind_of_mail() -> None:
    """Each is one that our own templates can make."""
    made = [
        render_edition(each) if hasattr(each, "blocks") else render_letter(each)  # type: ignore[arg-type]
        for each in SPECIMENS
    ]

    assert all(mail.subject and mail.html and mail.text for mail in made)
    assert {each.kind for each in SPECIMENS if hasattr(each, "kind")} == {
        path.name for path in OURS.iterdir() if path.name not in {"edition", "_base"}
    }


def test_a_theme_goes_before_ours_file_by_file(theme: Path) -> None:
    """What it lacks stays ours, and ours takes in what is theirs."""
    put(theme, "_base/button.html", "{% macro button(url, words) %}<p>{{ url }} OWN BUTTON</p>{% endmacro %}")

    body = render(
        mail_environment(Language.ENGLISH, theme),
        "confirm/body.html",
        {"content": SPECIMENS[-1], "subject": "s"},
    )

    assert "OWN BUTTON" in body
    assert body.startswith("<!DOCTYPE html>")


def test_a_folder_is_a_newsletter_s_by_its_name_alone(tmp_path: Path) -> None:
    """No folder, an empty one and a file are no theme; a folder of no newsletter is a stray."""
    themes = Themes(tmp_path)
    put(tmp_path / "weekly", "edition/subject.txt", "x")
    (tmp_path / "empty").mkdir()
    put(tmp_path, "file", "x")

    assert themes.of("weekly") == tmp_path / "weekly"
    assert [themes.of(slug) for slug in ("empty", "file", "none")] == [None] * 3
    assert themes.strays(["weekly"]) == ["empty", "file"]
    assert (Themes().of("weekly"), Themes().strays([]), Themes(tmp_path / "none").strays([])) == (
        None,
        [],
        [],
    )


def test_a_newsletter_without_a_theme_has_no_problem(tmp_path: Path) -> None:
    """Nothing is rendered to say so."""
    assert theme_problems(Themes(tmp_path), NEWSLETTER) == []


def test_a_link_may_lead_out_of_the_folder(tmp_path: Path, theme: Path) -> None:
    """Operators keep templates where they like; a link that leads in a circle ends."""
    elsewhere = tmp_path / "elsewhere"
    put(elsewhere, "subject.txt", "own subject")
    (theme / "edition").symlink_to(elsewhere)
    (elsewhere / "again").symlink_to(theme)

    assert files(theme)[-1] == "edition/subject.txt"
    assert render_edition(SPECIMENS[0], theme).subject == "own subject"  # type: ignore[arg-type]


def test_a_link_that_leads_nowhere_is_named(theme: Path) -> None:
    """The sentence says which, and who can't read it."""
    (theme / "style.css").symlink_to(theme / "none")

    with pytest.raises(RenderingError, match=r"^themes/weekly/style.css can’t be read \(No such file"):
        stamp(theme)
    assert [each.place for each in check_theme(theme, NEWSLETTER)] == ["themes/weekly"]


def test_a_stamp_changes_with_any_file(theme: Path) -> None:
    """New, changed and gone."""
    seen = [stamp(theme), stamp(None)]
    put(theme, "a.css", "1")
    seen.append(stamp(theme))
    put(theme, "a.css", "22")
    seen.append(stamp(theme))
    (theme / "a.css").rename(theme / "b.css")
    seen.append(stamp(theme))

    assert len(set(seen)) == 4
    assert seen[0] == seen[1] == ()
