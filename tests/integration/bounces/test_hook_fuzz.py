"""Whatever stands in a body or a header: no door breaks, and nothing comes in without a proof."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.bounces.doorstep import (
    DOORS,
    Doorstep,
    carried,
)
from tests.integration.bounces.hook_callers import Callers, call
from tests.integration.bounces.sorting_room import SortingRoom

_LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.just("SubscriptionConfirmation")
)
_NAMES = st.sampled_from(
    ["Type", "TopicArn", "Message", "event", "signature", "event-data", "RecordType", "x"]
)
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)
_BODIES = st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES, shown=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40))
def test_no_stranger_gets_more_than_a_refusal(
    room: SortingRoom, doorstep: Doorstep, body: bytes, shown: str
) -> None:
    """Whatever a body or a header holds, every address answers 4xx, and nothing is stored."""
    names = ("authorization", "x-twilio-email-event-webhook-signature")
    headers = dict.fromkeys(names, shown.strip())
    calls = [call(door, body, headers) for door in DOORS]

    assert {status // 100 for status in doorstep.bring(*calls)} == {4}
    assert room.store.rows("report") == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event=st.dictionaries(_NAMES, _JSON, max_size=4))
def test_no_event_of_a_provider_breaks_a_door(
    doorstep: Doorstep, fresh: Callers, event: dict[str, object]
) -> None:
    """Whatever is in an event that is signed, it is taken; whatever was stored is read."""
    raw = json.dumps(event).encode()

    answers = doorstep.bring(*(carried(fresh, door, raw) for door in DOORS))
    doorstep.read()

    assert set(answers) == {200}


def test_so_deep_an_event_is_stepped_over(room: SortingRoom, doorstep: Doorstep, fresh: Callers) -> None:
    """Nested further than JSON is written again by us: taken, and nothing of it is stored."""
    deep = b'{"event":"spam","x":' + b"[" * 900 + b"]" * 900 + b"}"

    assert (
        doorstep.bring(fresh.sendgrid(deep), fresh.mailgun(deep), fresh.brevo(b"[" + deep + b"]"))
        == [200] * 3
    )
    assert room.store.rows("report") == []
