"""Guard, preparation, conditions and verdicts."""

from __future__ import annotations

import pytest

from device_agent.conditions import bind, solve
from device_agent.guard import call_digest, check_arguments, check_safety
from device_agent.prepare import prepare
from device_agent.verify import judge
from schemas.base import Condition
from schemas.observations import Observation
from schemas.outcomes import Done, Failed
from schemas.skills import Call, Catalogue, Function, PlaceRef, Returns
from tests.unit.device_agent.conftest import CATALOGUE

GO, COUNT = CATALOGUE.functions[0], CATALOGUE.functions[1]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"shelf": 4}, None),
        ({}, "missing_argument"),
        ({"shelf": 9}, "out_of_range"),
        ({"shelf": "x"}, "invalid"),
        ({"shelf": 1, "other": 2}, "invalid"),
    ],
)
def test_arguments_are_checked_against_the_schema(arguments: dict[str, object], reason: str | None) -> None:
    refused = check_arguments(GO, arguments)  # type: ignore[arg-type]
    assert (refused.reason if refused else None) == reason


def test_an_approval_allows_exactly_the_call_it_was_given_for() -> None:
    wipe = Function(name="wipe", safety="irreversible")
    call, other = Call(function="wipe"), Call(function="wipe", arguments={"all": True})
    assert check_safety("r1", wipe, call, (), None) is not None
    assert check_safety("r1", wipe, call, ("wipe",), None) is None
    assert check_safety("r1", wipe, call, (), call_digest("r1", call)) is None
    assert check_safety("r1", wipe, other, (), call_digest("r1", call)) is not None
    assert check_safety("r2", wipe, call, (), call_digest("r1", call)) is not None


def test_a_forbidden_function_stays_forbidden_with_any_approval() -> None:
    function, call = Function(name="f", safety="forbidden"), Call(function="f")
    refused = check_safety("r1", function, call, ("f",), call_digest("r1", call))
    assert refused is not None and refused.reason == "forbidden"


def test_what_a_call_requires_is_brought_about_first_and_only_if_needed() -> None:
    call = Call(function="count", arguments={"shelf": 4})
    chain = prepare(CATALOGUE, call, {"at": "dock-1"})
    assert not isinstance(chain, Failed)
    assert [(c.function, c.arguments) for c in chain] == [("go", {"shelf": 4}), ("count", {"shelf": 4})]
    assert prepare(CATALOGUE, call, {"at": "shelf-4"}) == (call,)


def test_preparation_goes_two_deep_and_no_deeper() -> None:
    def needs(name: str, wanted: str | None) -> Function:
        return Function(
            name=name, requires=(Condition(attribute=wanted, value=True),) if wanted else (), achieves=(Condition(attribute=name, value=True),)
        )

    chain = prepare(Catalogue(kind="k", functions=(needs("a", "b"), needs("b", "c"), needs("c", None))), Call(function="a"), {})
    assert not isinstance(chain, Failed) and [c.function for c in chain] == ["c", "b", "a"]
    deep = Catalogue(kind="k", functions=(needs("a", "b"), needs("b", "c"), needs("c", "d"), needs("d", None)))
    assert isinstance(prepare(deep, Call(function="a"), {}), Failed)


def test_conditions_bind_and_solve_through_a_makers_numbering() -> None:
    function = Function(
        name="mv",
        parameters={"type": "object", "properties": {"rack": {"type": "string"}}, "required": ["rack"]},
        places={"rack": PlaceRef(prefix="shelf-", format="S{n:02d}")},
    )
    template = Condition(attribute="at", value="{rack}")
    bound = bind(template, function, {"rack": "S04"})
    assert bound is not None and bound.value == "shelf-4"
    assert solve(template, bound, function) == {"rack": "S04"}
    assert solve(template, Condition(attribute="at", value="dock-1"), function) is None


def test_a_read_is_proved_only_by_everything_it_promised() -> None:
    call = Call(function="count", arguments={"shelf": 4})
    seen = (Observation(subject="shelf-4", property="free_slots", value=2),)
    assert judge(CATALOGUE, [call], {"at": "shelf-4"}, seen) == Done(
        verified=True, text="Looked, and this is what I saw.", observations=seen, proof=judge(CATALOGUE, [call], {"at": "shelf-4"}, seen).proof
    )
    nothing = judge(CATALOGUE, [call], {"at": "shelf-4"}, ())
    assert isinstance(nothing, Done) and not nothing.verified
    assert isinstance(judge(CATALOGUE, [call], {"at": "dock-1"}, seen), Failed)
    blind = judge(CATALOGUE, [call], None, seen)
    assert isinstance(blind, Done) and not blind.verified


def test_a_read_without_declared_returns_is_never_proved() -> None:
    catalogue = Catalogue(
        kind="k", functions=(Function(name="r", safety="read", returns=(Returns(property="p"),)), Function(name="n", safety="read"))
    )
    outcome = judge(catalogue, [Call(function="n")], {}, ())
    assert isinstance(outcome, Done) and not outcome.verified


def test_a_condition_may_compare_a_makers_unit_with_the_sites() -> None:
    function = Function(name="go", parameters={"type": "object", "properties": {"mm": {"type": "number"}}, "required": ["mm"]})
    template = Condition(attribute="x", value="{mm}", scale=0.001, tolerance=0.1)
    bound = bind(template, function, {"mm": 2500})
    assert bound is not None and bound.value == 2.5
    assert solve(template, bound, function) == {"mm": 2500.0}
