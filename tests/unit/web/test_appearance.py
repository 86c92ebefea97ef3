"""The pages fetch nothing from elsewhere, run nothing, and can be read by everyone."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import mailer.web
from mailer.web.assets import asset_url, assets
from mailer.web.pages import TEMPLATES

_STATIC = Path(mailer.web.__file__).parent / "static"
_TEMPLATES = sorted(TEMPLATES.rglob("*.html"))
_CSS = (_STATIC / "site.css").read_text(encoding="utf-8")
_SHEETS = sorted(_STATIC.glob("*.css"))
_OUR_SCRIPT = '<script src="{{ asset("htmx.min.js") }}" defer></script>'
_ROOTS = re.findall(r":root \{(.*?)\}", _CSS, re.DOTALL)
_ON_TEXT = [
    ("ink", "sheet"),
    ("soft", "sheet"),
    ("accent", "sheet"),
    ("ink", "tint"),
    ("soft", "tint"),
    ("worsened", "tint"),
    ("improved", "sheet"),
    ("unchanged", "sheet"),
    ("worsened", "sheet"),
    ("on-accent", "accent"),
    ("sheet", "worsened"),
    ("sheet", "ink"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("path", _TEMPLATES, ids=lambda path: path.name)
def test_a_template_runs_and_fetches_nothing(path: Path) -> None:
    """No style attribute, no handler, no other site; our own script on the desk and in an attack alone."""
    source = path.read_text(encoding="utf-8")
    if path.parent.name == "desk":
        source = source.replace(_OUR_SCRIPT, "")
    if path.name == "_guard.html":
        source = source.replace('<script src="{{ asset("proof.js") }}" defer>', "")

    assert re.findall(r"<script|<style|\sstyle=|\son\w+=|//|@import", source, re.IGNORECASE) == []


@pytest.mark.parametrize("path", _SHEETS, ids=lambda path: path.name)
def test_a_style_sheet_fetches_nothing(path: Path) -> None:
    """No font, picture or sheet from anywhere."""
    assert re.findall(r"url\(|@import|@font-face|//", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), _ON_TEXT)
def test_letters_stand_out(scheme: int, text: str, ground: str) -> None:
    """Contrast of at least 4.5 : 1 for every pair of colours that text uses."""
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", _ROOTS[scheme]))

    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_edges_of_fields_stand_out(scheme: int) -> None:
    """Contrast of at least 3 : 1 between the edge of a field and what is around it."""
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", _ROOTS[scheme]))

    assert min(contrast(colours["edge"], colours[ground]) for ground in ("sheet", "tint")) >= 3


def test_an_address_of_a_file_follows_its_content() -> None:
    """A new style sheet has a new address, so that it may be kept for a year."""
    url = asset_url("/news", "site.css")

    assert url == f"/news/static/site.css?v={assets()['site.css'].version}"
    ours = {"site.css", "desk.css", "icon.svg", "proof.js"}
    assert set(assets()) == ours | {"htmx.min.js", "altcha-pbkdf2.js"}


def test_what_others_wrote_is_as_they_released_it() -> None:
    """Each file of others is in the manifest with version, licence and digest, and none of ours is."""
    manifest = json.loads((_STATIC / "vendored.json").read_text(encoding="utf-8"))

    digests = {name: hashlib.sha256((_STATIC / name).read_bytes()).hexdigest() for name in manifest}

    assert digests == {name: entry["sha256"] for name, entry in manifest.items()}
    assert set(manifest) == {path.name for path in _STATIC.glob("*.js")} - {"proof.js"}
    assert all(entry.keys() >= {"name", "version", "path", "licence"} for entry in manifest.values())
    assert all((_STATIC / f"LICENCE.{name}").is_file() for name in ("htmx", "altcha"))
