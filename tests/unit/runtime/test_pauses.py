"""Short pauses: what has survived is not looked at again, and yet nothing is kept for ever."""

from __future__ import annotations

import gc
import weakref

from runtime.pauses import AGAIN, keep_short


class Node:
    """Part of a cycle."""

    def __init__(self) -> None:
        self.other: Node | None = None


def ring() -> tuple[Node, weakref.ref[Node]]:
    one, two = Node(), Node()
    one.other, two.other = two, one
    return one, weakref.ref(one)


def test_survivors_are_set_aside_and_cycles_among_them_are_found_when_all_is_looked_through() -> None:
    now = 0.0
    end = keep_short(lambda: now)
    try:
        before = gc.get_freeze_count()
        kept, seen = ring()
        gc.collect()
        assert gc.get_freeze_count() > before
        del kept
        gc.collect()
        assert seen() is not None, "a later collection does not look at it"
        now = AGAIN
        gc.collect()
        gc.collect()
        assert seen() is None
        fresh, lost = ring()
        del fresh
        gc.collect()
        assert lost() is None, "what has come since is found at once"
    finally:
        end()
    assert gc.get_freeze_count() == 0
