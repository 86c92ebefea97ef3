"""What is wrong with the settings, in the words of the file or of the environment; never a value.

A value may be a password, and pydantic's own words are for programmers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from mailer.domain.nearest import did_you_mean
from mailer.errors import SettingsError

PREFIX = "MAILER_"
"""What the variables begin with that override settings: MAILER_SITE__LISTEN."""


def refuse_unknown_variables(environment: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> None:
    """
    Refuse variables that are meant for a section, but name no setting of it.

    Others that begin with MAILER_ are left alone: container engines make up names of that kind.

    Args:
        known: the names in each section.

    Raises:
        SettingsError: there is one.
    """
    for section, names in known.items():
        meant = f"{PREFIX}{section}_".upper()
        variables = {f"{meant}_{name}".upper() for name in names}
        for variable in environment:
            if variable.upper().startswith(meant) and variable.upper() not in variables:
                name = variable[len(meant) :].strip("_").lower()
                near = f" (did you mean “{meant}_{name.upper()}”?)" if name in names else ""
                raise SettingsError(
                    f"{variable} in the environment is not a setting{near or did_you_mean(name, names)}; "
                    f"known here: {', '.join(sorted(variables))}"
                )


def sentence(
    error: ValidationError, place: str, environment: Mapping[str, str], known: Mapping[str, Sequence[str]]
) -> str:
    """
    Say the first thing that is wrong.

    Args:
        place: the settings file, as the person knows it.
        environment: where a variable goes before the file, it is what is wrong.
        known: the names in each section.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    names = [str(part) for part in first["loc"] if not isinstance(part, int)]
    said = small(first["msg"].removeprefix("Value error, "))
    variable = f"{PREFIX}{'__'.join(names)}".upper()
    if variable in {name.upper() for name in environment}:
        return f"{variable} in the environment {_predicate(said)}"
    *section, name = names
    where = f"[{'.'.join(section)}] {name}" if section else f"“{name}”"
    if first["type"] == "extra_forbidden":
        near = known[section[0]] if section else list(known)
        return f"{place}: {where} is not a setting{did_you_mean(name, near)}; known here: {', '.join(near)}"
    if first["type"] == "model_type":
        return f"{place}: {where} must be a section: a line [{name}], and its settings below"
    if not section:
        return f"{place}: [{name}] {said}"
    return f"{place}: {where} {_predicate(said)}"


def small(words: str) -> str:
    """Return *words* to go on a sentence with."""
    return f"{words[:1].lower()}{words[1:]}"


def _predicate(said: str) -> str:
    return said if said.startswith("is ") else f"is not right: {said}"
