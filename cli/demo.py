"""`parley demo`: broker, simulated warehouse, agents and coordinator as real processes; one instruction; the answer judged by the world."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cli.console import JsonOption, emit, emit_json, instruction_text, run_async, say
from cli.dashboard import feed_of, on_terminal, show

T = TypeVar("T")

INSTRUCTION = "Please check if there are vacant positions on the shelves."


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Text only; ends by itself. Always so without a terminal, and with --json.")] = False,
    robots: Annotated[int | None, typer.Option("--robots", min=1, max=50)] = None,
    shelves: Annotated[int | None, typer.Option("--shelves", min=1, max=400)] = None,
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    scenario: Annotated[
        str, typer.Option("--scenario", help="warehouse, troubles (stuck, silent, seeing badly), liar, or a TOML file.")
    ] = "warehouse",
    instruction: Annotated[str, typer.Option("--instruction", help="What to tell the fleet.")] = INSTRUCTION,
    json: JsonOption = False,
) -> None:
    """Show the whole system at work: in the dashboard until you leave it, or as text.

    As text, exit 0: answered and the world agrees; 3: honestly incomplete, a question or a refusal; 1: otherwise.
    """
    from runtime import logs
    from runtime.plain import paragraphs
    from simulations.scenario import load_scenario

    logs.configure("error")
    text = instruction_text(instruction)
    load_scenario(scenario, robots=robots, shelves=shelves, seed=seed)  # a mistake is told before anything starts
    given = [("--robots", robots), ("--shelves", shelves), ("--seed", seed)]
    options = ["--scenario", scenario, *(part for name, value in given if value is not None for part in (name, str(value)))]
    if not headless and not json and on_terminal():
        run_async(_demo(options, partial(_shown, instruction=text)))
        return
    answer, truth, wrong = run_async(_demo(options, partial(_told, instruction=text)))
    if json:
        emit_json({**_as_json(answer), "truth": truth, "agrees": not wrong})
    else:
        emit(paragraphs(answer.text))
    say(*verdict(answer, wrong))
    raise typer.Exit(1 if wrong else 0 if answer.complete else 3)


def verdict(answer: Any, wrong: list[str]) -> list[str]:
    """What the world says to the answer, in lines for people."""
    if wrong:
        return [f"The world disagrees: {text}" for text in wrong]
    claims = len(answer.facts) + len(answer.outcomes)
    return ["The world agrees with every claim." if claims else "Nothing was claimed."]


def _as_json(answer: Any) -> dict[str, Any]:
    from cli.tell import as_json

    return as_json(answer)


@dataclass(frozen=True)
class Place:
    """Where a demo lives: a folder of its own, which holds also the key with which its approvals are signed, and a broker's address."""

    folder: Path
    broker: str

    @property
    def key(self) -> Path:
        return self.folder / "approver.key"


async def _demo(options: list[str], part: Callable[[Any, Place, dict[str, Any]], Awaitable[T]]) -> T:
    """What comes of `part` while the fleet is there: it gets the children, their place and what the warehouse said of itself."""
    import tempfile

    from cli.processes import Children
    from runtime.broker import free_port
    from runtime.keys import new_key

    with tempfile.TemporaryDirectory(prefix="parley-demo-", ignore_cleanup_errors=True) as folder:
        here = Place(Path(folder), f"127.0.0.1:{free_port()}")
        async with Children(here.folder) as children:
            return await part(children, here, await _start(children, [*options, "--approver", new_key(here.key).public("you")], here))


async def _told(children: Any, place: Place, ready: dict[str, Any], instruction: str) -> tuple[Any, dict[str, Any], list[str]]:
    """The answer, the truth, and where they differ."""
    from runtime.keys import read_key
    from runtime.operator import connect
    from simulations.judge import disagreements

    async with connect((place.broker,), "site", patient=True, sign=read_key(place.key).sign) as operator:
        here = await children.during(_present(operator, set(ready["robots"])))
        answer = await children.during(_tell(operator, len(here), instruction))
        truth = await _get(f"{ready['observer']}/truth")
        return answer, truth, disagreements(answer, truth)


async def _shown(children: Any, place: Place, ready: dict[str, Any], instruction: str) -> None:
    """In the dashboard, where the instruction is given, until the person leaves."""
    from runtime.keys import read_key
    from runtime.operator import connect

    async with connect((place.broker,), "site", patient=True, role="dashboard", sign=read_key(place.key).sign) as operator:
        feed = feed_of(operator)
        await children.during(_present(operator, set(ready["robots"])))
        await children.during(show(feed, opening=instruction, broker=place.broker, key=str(place.key)))
    say("Stopping the fleet ...")


async def _start(children: Any, options: list[str], place: Place) -> dict[str, Any]:
    out, broker = place.folder, place.broker
    say("Starting a broker, a warehouse, its robots' agents and a coordinator ...")
    await children.start("broker", "broker", "--broker", broker)
    await children.start("sim", "sim", "--out", str(out), "--broker", broker, *options)
    ready: dict[str, Any] = jsonlib.loads(await children.line_of("sim"))
    await children.start("coordinator", "coordinator", "--config", str(out / "coordinator.toml"))
    for number in range(1, len(ready["robots"]) + 1):
        await children.start(f"agent-{number}", "agent", "--config", str(out / f"agent-{number}.toml"))
    return ready


async def _present(operator: Any, robots: set[str], *, patience: float = 60.0, quiet: float = 15.0) -> set[str]:
    """The robots that are there, once all are and the coordinator is too. After `quiet` s in which nobody came the rest is left behind and named.

    A scenario may let a robot die early; on a slow machine that is before everybody has come up.
    """
    fleet = operator.fleet
    here: set[str] = set()
    came = 0
    since = operator.clock.monotonic()

    def settled() -> bool:
        nonlocal since, came
        states = fleet.states
        now = {robot for robot in robots if robot in states and states[robot].attributes and fleet.online(robot)}
        here.update(now)
        if len(here) + fleet.coordinator_online > came:
            came, since = len(here) + fleet.coordinator_online, operator.clock.monotonic()
        return fleet.coordinator_online and (now == robots or (bool(now) and operator.clock.monotonic() - since > quiet))

    await operator.until(settled, patience, f"the fleet did not come up within {patience:g} s")
    missing = robots - here
    if missing:
        say(f"{', '.join(sorted(missing))}: nothing heard; going on with the others.")
    return here


async def _tell(operator: Any, robots: int, instruction: str) -> Any:
    """The answer; the conversation is shown as it happens, what is sent again for safety only once."""
    from runtime.transcript import Transcript

    transcript = Transcript()

    def show(address: Any, envelope: Any) -> None:
        text = transcript.line(address, envelope)
        if text:
            say(text)

    say(f"{robots} robot{'s' if robots > 1 else ''} and a coordinator are here.\n")
    answer = await operator.tell(instruction, show=show)
    say()
    return answer


async def _get(url: str) -> dict[str, Any]:
    import asyncio
    from urllib.request import urlopen

    def fetch() -> dict[str, Any]:
        with urlopen(url, timeout=10) as reply:
            return jsonlib.load(reply)

    return await asyncio.to_thread(fetch)
