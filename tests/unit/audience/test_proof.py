"""Proofs of work: what our form's solver makes is taken, and nothing else."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import altcha
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audience.proof import CHALLENGE_VALID, MOST_CHARS, Proofs

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PROOFS = Proofs(bytes(32), cost=10)


def solve(challenge: str) -> str:
    """Do what a browser does."""
    given = altcha.Challenge.from_dict(orjson.loads(challenge))
    solution = altcha.solve_challenge(given)
    assert solution is not None
    return altcha.Payload(given, solution).to_base64()


SOLVED = solve(PROOFS.challenge(NOW))


def test_a_solved_challenge_is_a_proof() -> None:
    """Named by 32 bytes, and worth remembering until no sign-up that carries it can wait any more."""
    proof = PROOFS.check(SOLVED, NOW)

    assert proof is not None
    assert (len(proof.digest), proof.until) == (32, NOW + CHALLENGE_VALID + timedelta(hours=72))
    assert len(SOLVED) < MOST_CHARS


def test_each_challenge_is_its_own() -> None:
    """Two proofs have two names."""
    other = PROOFS.check(solve(PROOFS.challenge(NOW)), NOW)

    assert other != PROOFS.check(SOLVED, NOW)


def test_a_challenge_ends() -> None:
    """After two hours it proves nothing."""
    assert PROOFS.check(SOLVED, NOW + CHALLENGE_VALID) is not None
    assert PROOFS.check(SOLVED, NOW + CHALLENGE_VALID + timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("solution", "counter", 0),
        ("solution", "counter", "7"),
        ("solution", "derivedKey", "00" * 32),
        ("parameters", "cost", 1),
        ("parameters", "keyPrefix", ""),
        ("parameters", "data", {"until": 9_999_999_999_999}),
        ("parameters", "data", None),
        ("parameters", "data", "until"),
        ("parameters", "nonce", "zz"),
    ],
)
def test_what_was_changed_proves_nothing(where: str, name: str, value: object) -> None:
    """Neither an easier challenge, nor a longer life, nor a solution that was guessed."""
    payload = orjson.loads(base64.b64decode(SOLVED))
    inner = payload["solution"] if where == "solution" else payload["challenge"]["parameters"]
    inner[name] = value

    assert PROOFS.check(base64.b64encode(orjson.dumps(payload)).decode(), NOW) is None


def test_a_challenge_of_another_key_proves_nothing() -> None:
    """Nobody sets their own."""
    assert PROOFS.check(solve(Proofs(bytes(31) + b"1", cost=10).challenge(NOW)), NOW) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["challenge", "solution", "parameters", "data", "until", "signature", "counter"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.text(max_size=99)
    | st.binary(max_size=99).map(lambda raw: base64.b64encode(raw).decode())
    | _json.map(lambda value: base64.b64encode(orjson.dumps(value)).decode())
)
def test_anything_else_proves_nothing(payload: str) -> None:
    """And raises nothing."""
    assert PROOFS.check(payload, NOW) is None
