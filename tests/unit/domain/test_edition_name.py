"""Editions have short names that tell them apart."""

from __future__ import annotations

import pytest

from mailer.domain.edition_name import edition_name
from mailer.domain.language import Language
from mailer.domain.plan import Cell, Plan

BE, RU, EN = Language


def plan(*cells: str) -> Plan:
    return Plan(BE, tuple(Cell(*cell.split("=")) for cell in cells))  # type: ignore[arg-type]


def with_languages(made: Plan) -> Plan:
    return Plan(made.language, tuple(Cell(cell.topic, Language(cell.language)) for cell in made.cells))


@pytest.mark.parametrize(
    ("cells", "usual", "name"),
    [
        (["west=be"], ["west=be"], "be"),
        (["west=be", "russia=ru"], ["west=be", "russia=ru"], "be"),
        (["west=be", "russia=ru"], ["west=be"], "be+ru-russia"),
        (["west=be"], ["west=be", "russia=ru"], "be-only"),
        (["west=be", "russia=ru", "elite=en"], ["west=be"], "be+ru-russia+en-elite"),
        (["west=ru", "russia=ru"], ["elite=be"], "be+ru-west_russia"),
    ],
)
def test_a_name_says_what_is_lent(cells: list[str], usual: list[str], name: str) -> None:
    """The usual edition has the language's own."""
    assert edition_name(with_languages(plan(*cells)), with_languages(plan(*usual))) == name


def test_a_long_name_stays_a_files_name_and_one_of_a_kind() -> None:
    """It is cut, and ends in a digest of the plan."""
    many = [f"a-topic-with-a-long-name-{number}=ru" for number in range(15)]
    one, other = (with_languages(plan(*cells)) for cells in (many, many[:-1]))

    names = {edition_name(each, with_languages(plan())) for each in (one, other)}

    assert len(names) == 2
    assert {len(name) for name in names} == {80}
