"""Instructions to a simulated fleet, each in a fresh warehouse with the whole system, judged by the world.

A set is measured, never tuned to: each use of one is to be logged (benchmarks/sets/usage.md).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from benchmarks.said import named
from benchmarks.stats import Share, share
from benchmarks.warehouse_judge import JUDGEMENTS, Case, Judgement, judge
from runtime.bus import Message
from runtime.clock import Clock, SystemClock
from runtime.settings import MODELS
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import open_message
from schemas.errors import ConfigError, ContractError, LinkError
from schemas.messages import Answer, PlanShown, State
from schemas.plan import Control
from simulations.fleet import SITE, LocalFleet, Models
from simulations.makers import catalogue_of
from simulations.scenario import Scenario

SET = Path(__file__).parent / "sets" / "warehouse-40.jsonl"
WEIGHTS = ("parley-reader-2.gguf", "parley-reader-2-heads.npz", "parley-lm.gguf")
SCENARIO = Scenario(name="warehouse-40", robots=4, shelves=8, batteries=(82, 24, 55, 18), pace=0)
"""Four robots of four makers at their docks."""
LONGEST, QUIET, SETTLE = 120.0, 0.4, 30.0
"""s: for an answer; of rest after which nothing more is to come; for that rest to come."""
Held = Literal["stopped", "paused"]


class Row(Frozen):
    """`done`: calls that had an effect, as robot and the maker's function; `seconds` until the answer."""

    id: str
    instruction: str
    expected: dict[str, Any]
    intent: str
    complete: bool
    text: str
    done: tuple[str, ...]
    verdict: Judgement
    effect: bool
    why: str
    seconds: float


class Report(Frozen):
    """`sha256` of the set and the weights; `with_effect`: unasked effects in the world, a part of "wrong action"."""

    date: str
    set: str
    sha256: dict[str, str]
    cases: tuple[Row, ...]
    totals: dict[str, Share]
    with_effect: Share


class WatchedFleet(LocalFleet):
    """Keeps what agents and coordinator say of themselves: who is busy, stopped or paused."""

    async def __aenter__(self) -> WatchedFleet:
        await super().__aenter__()
        self.states: dict[str, State] = {}
        self.shown: list[PlanShown] = []
        bus = await self._stack.enter_async_context(self._broker.client())
        stream = await self._stack.enter_async_context(bus.subscribe(topics.STATE.filter(SITE), topics.PLAN.filter(SITE)))
        task = asyncio.get_running_loop().create_task(self._watch(stream), name="fleet.watcher")
        self._stack.push_async_callback(_end, task)
        return self

    async def _watch(self, stream: Any) -> None:
        message: Message
        async for message in stream:
            try:
                body = open_message(message.payload)[0].body
            except ContractError:
                continue
            if isinstance(body, State):
                self.states[body.device] = body
            elif isinstance(body, PlanShown):
                self.shown.append(body)

    @property
    def resting(self) -> bool:
        return not any(self.world.busy(r) for r in self.world.robots.values()) and not any(s.busy for s in self.states.values())

    async def rest(self) -> None:
        """Until nothing has gone on for `QUIET` s; at most `SETTLE` s."""
        end, since, begun = self.clock.monotonic() + SETTLE, self.clock.monotonic(), -1
        while (now := self.clock.monotonic()) < end and now - since < QUIET:
            effects = len(self.world.effects.effects)
            if not self.resting or effects != begun:
                since, begun = now, effects
            await self.clock.sleep(0.05)

    def held(self, answer: Answer | None) -> dict[str, Held]:
        """Paused is known to the coordinator alone: it has shown the pause, and names the robots in its answer."""
        found: dict[str, Held] = {r: "stopped" for r, s in self.states.items() if s.stopped}
        paused = any(isinstance(p.intent, Control) and p.intent.action == "pause" for p in self.shown)
        if paused and answer is not None and answer.intent == "control":
            found = {**dict.fromkeys(named(answer.text, "robot"), "paused"), **found}
        return found


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def read_cases(path: Path = SET, only: Sequence[str] = ()) -> list[Case]:
    """Cases of a JSONL file, or those of the ids `only`. Raises ConfigError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    cases = [_case(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    unknown = [i for i in only if i not in {c.id for c in cases}]
    if unknown or not cases:
        raise ConfigError(f"{path}: holds no case{f' {unknown[0]!r}' if unknown else ''}")
    return [c for c in cases if not only or c.id in only]


def _case(line: str, where: str) -> Case:
    try:
        return Case.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{where}: {'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}") from None


async def evaluate(
    cases: Sequence[Case],
    models: Models,
    *,
    source: Path = SET,
    weights: Sequence[Path] = (),
    clock: Clock | None = None,
    told: Callable[[Row], None] = lambda row: None,
) -> Report:
    """Every case once, in order, each in a fresh fleet; `told` hears of each when it is judged."""
    clock, rows = clock or SystemClock(), list[Row]()
    for case in cases:
        rows.append(await run_case(case, models, clock))
        told(rows[-1])
    return Report(
        date=datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="seconds"),
        set=source.name,
        sha256={p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (source, *weights)},
        cases=tuple(rows),
        totals={j: share([row.verdict == j for row in rows]) for j in JUDGEMENTS},
        with_effect=share([row.effect for row in rows]),
    )


async def run_case(case: Case, models: Models, clock: Clock, scenario: Scenario = SCENARIO) -> Row:
    """One instruction from the start state to the world at rest, and its verdict. A question is not answered."""
    async with WatchedFleet(scenario, models, clock) as fleet:
        before, began = fleet.truth, clock.monotonic()
        try:
            answer = await fleet.tell(case.instruction, LONGEST)
        except LinkError:
            answer = None
        seconds = clock.monotonic() - began
        await fleet.rest()
        catalogues = {r.id: catalogue_of(r.maker) for r in fleet.world.robots.values()}
        effects, held = fleet.world.effects.effects, fleet.held(answer)
        verdict = judge(case, answer, effects, before, fleet.truth, fleet.traces, catalogues=catalogues, held=held)
    return Row(
        id=case.id,
        instruction=case.instruction,
        expected=case.expect.model_dump(mode="json", exclude_defaults=True),
        intent=answer.intent if answer else "none",
        complete=answer is not None and answer.complete,
        text=answer.text if answer else "",
        done=tuple(f"{e.robot} {e.function}" for e in effects),
        seconds=round(seconds, 2),
        **verdict.model_dump(),
    )


def weights_of(folder: Path = MODELS) -> tuple[Path, ...]:
    """The files that a run depends on. Raises ConfigError."""
    missing = [name for name in WEIGHTS if not (folder / name).is_file()]
    if missing:
        raise ConfigError(f"{folder / missing[0]}: no such file")
    return tuple(folder / name for name in WEIGHTS)


def log_line(report: Report) -> str:
    """One JSON line for the log of a set's uses; a part of the set is named by its ids."""
    ids = [row.id for row in report.cases]
    totals = {name: f"{s.hits}/{s.of}" for name, s in report.totals.items()}
    return json.dumps({"date": report.date, "set": report.set, "sha256": report.sha256, "cases": ids, "totals": totals}, ensure_ascii=False)


def as_text(report: Report) -> str:
    """One case after the other, then totals with 95 % intervals."""
    totals = [*report.totals.items(), ("… with an effect", report.with_effect)]
    lines = [f"{name:<18}{100 * s.value:>6.1f} %  [{100 * s.low:.1f}, {100 * s.high:.1f}]  {s.hits}/{s.of}" for name, s in totals]
    return "\n".join([*map(case_text, report.cases), *lines])


def case_text(row: Row) -> str:
    """Id, verdict and instruction; what was expected, what came, why."""
    expected = json.dumps(row.expected, ensure_ascii=False)
    got = f"{row.intent}{'' if row.complete else ', incomplete'}: {_cut(row.text, 110) or '-'}"
    why = "" if not row.why else f"\n     why       {_cut(row.why, 150)}"
    return f"{row.id:<5}{row.verdict.upper():<13}{row.instruction}\n     expected  {_cut(expected, 150)}\n     got       {got}{why}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
