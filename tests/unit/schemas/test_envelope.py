"""The one door in and out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import topics
from schemas.envelope import MAX_BYTES, Envelope, open_message, seal_message
from schemas.errors import ContractError
from schemas.ids import uuid7_from
from schemas.messages import State, Stop, Trace


def _envelope(**fields: object) -> Envelope:
    return Envelope.model_validate({"id": uuid7_from(1, 2), "source": "a", "sent_at": 1.0, "body": State(device="d", boot="b"), **fields})


def test_what_is_sealed_opens_to_the_same() -> None:
    sent = _envelope(epoch=3, seq=4)
    assert open_message(seal_message(sent)) == (sent, 0)


def test_unknown_fields_of_the_same_major_are_stripped_and_counted_at_any_depth() -> None:
    raw = json.loads(seal_message(_envelope()))
    raw["schema"] = "1.7"
    raw["newer"] = {"a": 1}
    raw["body"]["newer"] = []
    opened, unknown = open_message(json.dumps(raw).encode())
    assert unknown == 2 and opened.body == State(device="d", boot="b")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "bad JSON"),
        (b"\xff\xfe", "bad JSON"),
        (b"[" * 100_000, "bad JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"schema":"2.0"}', "foreign version"),
        (b'{"schema":1}', "foreign version"),
        (b'{"schema":"1.0"}', "id: Field required"),
        (b" " * (MAX_BYTES + 1), "oversize"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(data: bytes, why: str) -> None:
    with pytest.raises(ContractError, match=why) as caught:
        open_message(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"), [("id", "x"), ("id", "00000000-0000-4000-8000-000000000000"), ("source", "A b"), ("epoch", -1), ("seq", 2**60)]
)
def test_impossible_ids_and_numbers_are_refused(key: str, value: object) -> None:
    raw = json.loads(seal_message(_envelope()))
    raw[key] = value
    with pytest.raises(ContractError):
        open_message(json.dumps(raw).encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused_anywhere(number: str) -> None:
    good = _envelope(body=Trace(device="d", subtask="s", sentence="Go.", arguments={"deep": [7]})).model_copy(update={"sent_at": 5.0})
    for place in (b"5.0", b"7"):
        with pytest.raises(ContractError):
            open_message(seal_message(good).replace(place, number.encode()))


@pytest.mark.parametrize("half", [rb"\ud800", rb"\uDFFF", b"\xed\xa0\x80"])
def test_half_a_surrogate_pair_is_no_text(half: bytes) -> None:
    data = seal_message(_envelope(body=State(device="d", boot="HERE")))
    with pytest.raises(ContractError, match="bad JSON"):
        open_message(data.replace(b"HERE", half))
    whole = open_message(data.replace(b"HERE", rb"\ud83d\ude00"))[0].body
    assert isinstance(whole, State) and whole.boot == "\N{GRINNING FACE}"


@pytest.mark.parametrize("body", [{"kind": "cancel", "device": "d", "subtask": "x"}, {"kind": "poll", "poll": "p", "open": {"d": ["x"]}}])
def test_a_subtask_is_named_by_its_id_or_not_at_all(body: dict[str, object]) -> None:
    with pytest.raises(ContractError, match="UUIDv7"):
        open_message(json.dumps({**json.loads(seal_message(_envelope())), "body": body}).encode())


@pytest.mark.parametrize("poll", [{"poll": "p" * 65, "open": {}}, {"poll": "p", "open": {"A b": []}}])
def test_a_poll_with_impossible_names_is_refused(poll: dict[str, object]) -> None:
    with pytest.raises(ContractError):
        open_message(json.dumps({**json.loads(seal_message(_envelope())), "body": {"kind": "poll", **poll}}).encode())


def test_what_json_cannot_carry_is_not_sent() -> None:
    with pytest.raises(ContractError, match="cannot be written as JSON"):
        seal_message(_envelope(body=State(device="d", boot="b", attributes={"at": "\ud800"})))


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise_anything_but_a_contract_error(data: bytes) -> None:
    with pytest.raises(ContractError):
        open_message(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=6), x)
    )
)
def test_no_json_raises_anything_but_a_contract_error(value: object) -> None:
    with pytest.raises(ContractError):
        open_message(json.dumps({"schema": "1.0", "body": value}).encode())


def test_an_envelope_too_large_is_not_sent() -> None:
    with pytest.raises(ContractError, match="limit"):
        seal_message(_envelope(body=State(device="d", boot="b", attributes={str(i): "x" * 100 for i in range(3000)})))


def test_every_topic_builds_parses_and_is_matched_by_its_filter() -> None:
    for topic in topics.TOPICS:
        address = topics.parse(topic.build("site", "r1"))
        assert address is not None and (address.topic, address.site, address.ident) == (topic, "site", "r1")


@pytest.mark.parametrize(
    "text", ["", "parley/v1/site/device/r1", "parley/v2/site/device/r1/state", "parley/v1/site/device/R1/state", "parley/v1/site/x/r/state"]
)
def test_foreign_topics_are_not_ours(text: str) -> None:
    assert topics.parse(text) is None


def test_an_id_that_does_not_fit_the_wire_cannot_become_a_topic() -> None:
    with pytest.raises(ValueError, match="does not match"):
        topics.STOP.build("site", "../r1")


def test_only_presence_profiles_states_epoch_and_site_are_retained() -> None:
    assert {t.leaf for t in topics.TOPICS if t.retain} == {"connection", "profile", "state", "epoch", "site"}
    assert not isinstance(topics.STOP.body, Stop) and topics.STOP.sender == "coordinator, operator"
