"""Requests out of bindings, facts out of replies, and errors that a person can read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from device_agent.drivers.http import HttpDriver
from device_agent.drivers.mapping import attributes_of, dig, observations_of, reading, request_for, with_defaults, words_of
from runtime.clock import LoopClock
from schemas.base import Condition
from schemas.errors import DeviceError
from schemas.skills import Binding, Call, Catalogue, Function, PlaceRef, Poll, Returns, StateRead

SHELF = {"type": "object", "properties": {"rack": {"type": "string"}}, "required": ["rack"]}
S = PlaceRef(prefix="shelf-", format="S{n:02d}")


@pytest.mark.parametrize(
    ("returns", "result", "expected"),
    [
        (Returns(property="p"), 3, 3),
        (Returns(property="p", path="a.b"), {"a": {"b": "x"}}, "x"),
        (Returns(property="p", path="a.1"), {"a": [5, 6]}, 6),
        (Returns(property="p", path="a.b"), {"a": 3}, None),
        (Returns(property="p", path="a"), {"a": None}, None),
        (Returns(property="p", path="a"), {"a": {"deep": 1}}, None),
        (Returns(property="p", scale=100.0), 0.81, 81),
        (Returns(property="p", scale=0.01, offset=-5.0), 1000, 5),
        (Returns(property="p", scale=100.0), True, True),
        (Returns(property="p", values={"1": True, "0": False}), 0, False),
        (Returns(property="p", values={"true": "on"}), True, "on"),
        (Returns(property="p", values={"RUN": True}), "IDLE", "IDLE"),
        (Returns(property="p", place=S), "S04", "shelf-4"),
        (Returns(property="p", place=S), "C04", None),
        (Returns(property="p", reduce="count"), ["A", "C"], 2),
        (Returns(property="p", reduce="count"), {}, 0),
        (Returns(property="p", reduce="count"), 7, None),
        (Returns(property="p", reduce="count_true"), [True, False, True], 2),
        (Returns(property="p", reduce="count_false"), {"1": True, "2": False}, 1),
        (Returns(property="p", reduce="count_true", values={"free": True, "carton": False}), {"1": "free", "2": "carton"}, 1),
        (Returns(property="p", reduce="not"), False, True),
        (Returns(property="p", reduce="not"), "x", None),
        (Returns(property="p", reduce="first"), ["a", "b"], "a"),
        (Returns(property="p", reduce="first"), [], None),
        (Returns(property="p", path="i.*.name", reduce="list"), {"i": [{"name": "a"}, {"name": "b"}, {}]}, ("a", "b")),
        (Returns(property="p", path="i.*.name", reduce="list"), {"i": {"1": {"name": "a"}}}, ("a",)),
    ],
)
def test_one_value_is_read_out_of_any_shape(returns: Returns, result: Any, expected: Any) -> None:
    assert reading(returns, result) == expected


@pytest.mark.parametrize("odd", [None, 3, "text", [], {}, [[]], {"a": [None]}])
def test_odd_results_give_no_facts_and_no_errors(odd: Any) -> None:
    for reduce in ("value", "count", "count_true", "count_false", "not", "first", "list"):
        reading(Returns.model_validate({"property": "p", "path": "a.*.b", "reduce": reduce}), odd)
        reading(Returns.model_validate({"property": "p", "reduce": reduce}), odd)
    assert dig(odd, "x.y.0") is None


def test_the_subject_is_the_site_s_word_for_the_place_in_the_argument() -> None:
    function = Function(
        name="f",
        parameters=SHELF,
        safety="read",
        places={"rack": S},
        returns=(Returns(property="free_slots", subject="{rack}"), Returns(property="x")),
    )
    first, second = observations_of(function, {"rack": "S04"}, 3, "robot-1", 12.0)
    assert (first.subject, first.property, first.value, first.time, first.evidence) == ("shelf-4", "free_slots", 3, 12.0, "measured")
    assert second.subject == "robot-1"


def test_of_several_readings_of_one_property_the_first_that_yields_counts() -> None:
    read = StateRead(
        binding=Binding(result="d"),
        attributes=(Returns(property="at", path="p", place=S), Returns(property="at", path="p", values={"-": "floor"})),
    )
    assert attributes_of(read, {"d": {"p": "S11"}}) == {"at": "shelf-11"}
    assert attributes_of(read, {"d": {"p": "-"}}) == {"at": "floor"}
    assert attributes_of(read, {}) == {}


def test_a_request_keeps_types_in_the_body_and_quotes_the_path() -> None:
    binding = Binding(
        path="/a/{name}", query={"n": "{n}", "on": "{on}", "none": "{none}"}, body={"x": "{n}", "t": "go to {name}", "l": ["{on}"], "m": "{none}"}
    )
    request = request_for(binding, {"name": "a b/c", "n": 2.5, "on": True})
    assert request.path == "/a/a%20b%2Fc"
    assert request.query == {"n": "2.5", "on": "true"}
    assert request.body == {"x": 2.5, "t": "go to a b/c", "l": [True]}


def test_a_path_without_its_value_is_an_error_and_defaults_fill_in() -> None:
    with pytest.raises(DeviceError, match="needs a value for name"):
        request_for(Binding(path="/a/{name}"), {})
    function = Function(name="f", parameters={"type": "object", "properties": {"n": {"type": "integer", "default": 2}, "m": {"type": "integer"}}})
    assert with_defaults(function, {"m": 1}) == {"n": 2, "m": 1}


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"error": {"code": 4, "message": "too far"}}, "too far"),
        ({"detail": "no such\n rack"}, "no such rack"),
        ({"mission": {"status": "FAILED", "detail": "blocked"}}, "blocked"),
        ({"rc": 4}, ""),
        ([1], ""),
        (None, ""),
        ("plain", "plain"),
    ],
)
def test_the_devices_own_words_are_found_in_any_error(reply: Any, words: str) -> None:
    assert words_of(reply) == words


Answer = tuple[int, Any] | DeviceError | Callable[[], Any]


class ScriptedTransport:
    """Answers in order; the last one for ever. Keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Any, Mapping[str, str]]] = []

    async def request(self, method: str, path: str, query: Mapping[str, str], body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        self.asked.append((method, path, body, headers))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, DeviceError):
            raise answer
        return await answer() if callable(answer) else answer

    async def close(self) -> None:
        self.answers = [(410, None)]


def driver(*answers: Answer, binding: Binding | None = None, **function: Any) -> tuple[HttpDriver, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    catalogue = Catalogue(
        kind="robot",
        functions=(Function.model_validate({"name": "secret_api_name", "binding": binding or Binding(path="/go"), "longest": 20, **function}),),
        stop=Binding(path="/halt"),
    )
    return HttpDriver(catalogue, transport, LoopClock()), transport


async def failing(driven: HttpDriver, **arguments: Any) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        await driven.call(Call(function="secret_api_name", arguments=arguments), key="s/1")
    assert "secret_api_name" not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_the_effect_key_travels_as_a_header() -> None:
    driven, transport = driver((200, {"ok": True}))
    await driven.call(Call(function="secret_api_name"), key="s/1")
    assert transport.asked == [("POST", "/go", None, {"Idempotency-Key": "s/1"})]


@pytest.mark.parametrize(
    ("answer", "text", "uncertain"),
    [
        ((409, {"message": "busy"}), "the device refused: busy", False),
        ((404, None), "the device refused", False),
        ((302, None), "the device failed with status 302", True),
        ((503, {"detail": "overload"}), "the device failed with status 503: overload", True),
        (DeviceError("the connection to the device was lost", uncertain=True), "the connection to the device was lost", True),
        (DeviceError("the device cannot be reached"), "the device cannot be reached", False),
    ],
)
async def test_errors_are_one_line_and_say_whether_it_may_have_happened(answer: Answer, text: str, uncertain: bool) -> None:
    error = await failing(driver(answer)[0])
    assert (str(error), error.uncertain) == (text, uncertain)


async def test_an_error_inside_a_good_status_is_found() -> None:
    binding = Binding(error=Condition(attribute="rc", op="!=", value=0), result="data")
    assert str(await failing(driver((200, {"rc": 4, "msg": "no rack"}), binding=binding)[0])) == "the device refused: no rack"
    result = await driver((200, {"rc": 0, "data": 5}), binding=binding)[0].call(Call(function="secret_api_name"), key="k")
    assert result.raw == 5


async def never() -> Any:
    await asyncio.Event().wait()


async def slowly() -> Any:
    await asyncio.sleep(19)
    return 200, {}


async def test_a_call_may_last_as_long_as_declared_and_no_longer() -> None:
    await driver(slowly)[0].call(Call(function="secret_api_name"), key="k")
    error = await failing(driver(never)[0])
    assert (str(error), error.uncertain) == ("the device did not answer within 20 s", True)


async def test_a_reading_that_timed_out_is_not_uncertain() -> None:
    assert not (await failing(driver(never, safety="read")[0])).uncertain


POLL = Binding(
    path="/jobs",
    result="out",
    poll=Poll(
        path="/jobs/{job.id}",
        done=Condition(attribute="state", value="done"),
        failed=Condition(attribute="state", op="!=", value="running"),
        every=0.5,
    ),
)


async def test_a_job_is_asked_after_until_it_is_done() -> None:
    driven, transport = driver(
        (202, {"job": {"id": 7}}), (200, {"state": "running"}), (200, {"state": "running"}), (200, {"state": "done", "out": 4}), binding=POLL
    )
    before = asyncio.get_running_loop().time()
    result = await driven.call(Call(function="secret_api_name"), key="k")
    assert result.raw == 4
    assert [path for _, path, _, _ in transport.asked] == ["/jobs", "/jobs/7", "/jobs/7", "/jobs/7"]
    assert asyncio.get_running_loop().time() - before == pytest.approx(1.0)


async def test_a_job_that_fails_says_why_and_one_that_is_lost_sight_of_is_uncertain() -> None:
    failed = await failing(driver((202, {"job": {"id": 7}}), (200, {"state": "aborted", "why": "blocked"}), binding=POLL)[0])
    assert (str(failed), failed.uncertain) == ("the device did not finish: blocked", False)
    lost = await failing(driver((202, {"job": {"id": 7}}), DeviceError("the device cannot be reached"), binding=POLL)[0])
    assert lost.uncertain
    endless = await failing(driver((202, {"job": {"id": 7}}), (200, {"state": "running"}), binding=POLL)[0])
    assert endless.uncertain
    assert "needs a value" in str(await failing(driver((202, {"odd": 1}), binding=POLL)[0]))


async def test_stop_reaches_the_device_while_a_call_hangs() -> None:
    driven, transport = driver(never, (200, None))
    pending = asyncio.create_task(driven.call(Call(function="secret_api_name"), key="k"))
    await asyncio.sleep(1)
    await driven.stop()
    assert [path for _, path, _, _ in transport.asked] == ["/go", "/halt"]
    pending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pending


async def test_passwords_never_show_in_errors() -> None:
    properties = {"key_text": {"type": "string", "format": "password"}, "wifi_password": {"type": "string"}, "ssid": {"type": "string"}}
    echo = {"message": "cannot join lab with hunter2 or s3cret"}
    driven, _ = driver((400, echo), parameters={"type": "object", "properties": properties})
    error = await failing(driven, key_text="hunter2", wifi_password="s3cret", ssid="lab")
    assert str(error) == "the device refused: cannot join lab with *** or ***"


async def test_a_device_that_does_not_answer_cannot_be_started() -> None:
    transport = ScriptedTransport(never)
    catalogue = Catalogue(kind="robot", functions=(), state=(StateRead(binding=Binding(method="GET"), attributes=()),))
    with pytest.raises(DeviceError, match="did not answer within 5 s"):
        await HttpDriver(catalogue, transport, LoopClock()).start()
    with pytest.raises(DeviceError, match="no way to be stopped"):
        await HttpDriver(catalogue, transport, LoopClock()).stop()
