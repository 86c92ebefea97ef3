"""What mail programs do not know of our HTML and CSS, by caniemail's tables, and what they show instead."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.acceptance.every_html import every_html
from tests.acceptance.mail_features import table
from tests.tools import node

# caniemail's names to ours. It takes the newest version it knows: Outlook 2019, which is as 2016.
CLIENTS = {
    "apple-mail.ios": "Apple Mail",
    "apple-mail.macos": "Apple Mail",
    "gmail.android": "Gmail",
    "gmail.desktop-webmail": "Gmail",
    "gmail.ios": "Gmail",
    "gmail.mobile-webmail": "Gmail",
    "mail-ru.desktop-webmail": "mail.ru",
    "outlook.windows": "Outlook",
    "yahoo.android": "Yahoo",
    "yahoo.desktop-webmail": "Yahoo",
    "yahoo.ios": "Yahoo",
}
Lacks = dict[str, tuple[set[str], set[str]]]
"""Feature to the clients that lack it, in one of their programs at least, and those that know it in part."""


def lacks(mails: Mapping[str, str]) -> Lacks:
    """Ask caniemail about *mails*, name to HTML."""
    ran = node.run(
        node.required_packages(),
        "--input-type=module",
        "--eval",
        (node.FOLDER / "caniemail.mjs").read_text("utf-8"),
        given=json.dumps({"clients": sorted(CLIENTS), "mails": dict(mails)}),
    )
    assert ran.returncode == 0, ran.stderr
    found: Lacks = {}
    for issues in json.loads(ran.stdout).values():
        for feature, client, support in issues:
            none, partial = found.setdefault(feature, (set(), set()))
            (none if support == "none" else partial).add(CLIENTS[client])
    return {feature: (none, partial - none) for feature, (none, partial) in found.items()}


def documented() -> Lacks:
    return {
        feature: (_names(none), _names(partial))
        for feature, (none, partial, _) in table("caniemail’s feature").items()
    }


def test_every_lack_has_its_fallback() -> None:
    """docs/mail-features.md names each feature that a client lacks, which clients, and nothing else."""
    found = lacks(every_html())

    assert found == documented()


def test_each_fallback_is_said() -> None:
    """No row leaves open what a reader sees instead."""
    assert [feature for feature, cells in table("caniemail’s feature").items() if not cells[-1]] == []


def test_a_grid_is_seen() -> None:
    """Also where it stands in a style sheet for narrow screens only."""
    inline = lacks({"mail": '<p style="display:grid">Text</p>'})
    narrow = lacks({"mail": "<style>@media (max-width: 520px) { p { display: grid } }</style><p>Text</p>"})

    assert inline["display:grid"] == narrow["display:grid"] == ({"Gmail", "Outlook", "Yahoo"}, set())
    assert "display:grid" not in documented()


def _names(cell: str) -> set[str]:
    return {name for name in cell.split(", ") if name}
