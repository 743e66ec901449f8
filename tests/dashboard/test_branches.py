"""A plan's order of work as lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.branches import LANES, branches


def lines(*after: tuple[int, ...]) -> list[str]:
    return [f"{r.line.rstrip()} {r.item + 1}" for r in branches(after)]


def test_what_waits_for_nothing_has_no_lines() -> None:
    assert lines((), (), ()) == ["● 1", "● 2", "● 3"]


def test_a_chain_is_one_line_and_chains_stay_together() -> None:
    assert lines((), (), (0,), (1,)) == ["● 1", "● 3", "● 2", "● 4"]
    assert [r.below.strip() for r in branches(((), (), (0,), (1,)))] == ["│", "", "│", ""]


def test_a_fan_in_is_one_line_on_the_right() -> None:
    assert lines((), (), (), (0, 1, 2)) == ["●─╮ 1", "●─┤ 2", "●─┤ 3", "  ● 4"]


def test_a_fan_out_and_in_is_three_columns() -> None:
    assert lines((), (0,), (0,), (0,), (1, 2, 3)) == ["● 1", "├─●─╮ 2", "├─●─┤ 3", "●───┤ 4", "    ● 5"]


def test_what_needs_more_columns_than_there_are_is_drawn_without_lines() -> None:
    first = LANES + 3
    after = (*((),) * first, *((n,) for n in range(first)), *((n, first + n) for n in range(first)), tuple(range(0, 3 * first, 2)))
    assert all(r.line == "●" for r in branches(after)) and sorted(r.item for r in branches(after)) == list(range(len(after)))


@given(st.lists(st.lists(st.integers(-2, 14), max_size=4).map(tuple), max_size=12).map(tuple))
def test_every_item_is_drawn_once_whatever_it_waits_for(after: tuple[tuple[int, ...], ...]) -> None:
    rows = branches(after)
    assert sorted(r.item for r in rows) == list(range(len(after)))
    assert all(r.line[r.node] == "●" for r in rows)


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(*(st.sets(st.integers(0, max(0, i - 1)), max_size=min(i, 3)) for i in range(n)))))
def test_each_item_comes_below_what_it_waits_for(after: tuple[set[int], ...]) -> None:
    told = tuple(tuple(a for a in sorted(each) if a < i) for i, each in enumerate(after))
    place = {r.item: n for n, r in enumerate(branches(told))}
    assert all(place[a] < place[i] for i, each in enumerate(told) for a in each)
