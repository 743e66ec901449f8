"""Events, their order, and time."""

from __future__ import annotations

from simulations.kernel import Kernel


def test_events_run_in_order_of_time_and_then_of_scheduling() -> None:
    kernel, seen = Kernel(), list[str]()
    kernel.at(2, lambda: seen.append("late"))
    kernel.at(1, lambda: seen.append("first"))
    kernel.at(1, lambda: seen.append("second"))
    kernel.run_until(1)
    assert (seen, kernel.now) == (["first", "second"], 1)
    kernel.advance(5)
    assert (seen[-1], kernel.now) == ("late", 6)


def test_a_cancelled_event_does_not_run_and_is_not_waited_for() -> None:
    kernel, seen = Kernel(), list[str]()
    kernel.at(1, lambda: seen.append("x")).cancel()
    assert kernel.next_time() is None
    assert not kernel.step()
    assert not seen


def test_an_event_may_schedule_another_that_is_due_in_the_same_run() -> None:
    kernel, seen = Kernel(), list[float]()
    kernel.at(1, lambda: kernel.after(1, lambda: seen.append(kernel.now)))
    kernel.run_until(3)
    assert seen == [2]


def test_drain_says_whether_it_came_to_rest_within_the_limit() -> None:
    kernel = Kernel()

    def again() -> None:
        kernel.after(1, again)

    kernel.at(1, lambda: None)
    assert kernel.drain(10)
    again()
    assert not kernel.drain(20)
    assert kernel.now <= 20
