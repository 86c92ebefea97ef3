"""A finding reads well wherever it is shown."""

from __future__ import annotations

from mailer.domain.finding import Check, blocking, by_weight, warning

HOLDS = blocking(Check.NO_READER, "no reader yet", "sign up", where="be")
SAID = warning(Check.LANGUAGE_EMPTY, "every text is left out in be")


def test_a_finding_is_a_line_on_a_terminal() -> None:
    """What was found, then what mends it."""
    assert [str(HOLDS), str(SAID)] == ["no reader yet: sign up", "every text is left out in be"]


def test_a_finding_is_whole_sentences_in_a_proof() -> None:
    """One, or two where something can be done."""
    assert HOLDS.sentences == "No reader yet. To mend it: sign up."
    assert SAID.sentences == "Every text is left out in be."


def test_what_holds_comes_first() -> None:
    """Else in the order of the checks."""
    other = warning(Check.TREND_MISSING, "west has no trend")

    assert by_weight([SAID, other, HOLDS]) == (HOLDS, SAID, other)
