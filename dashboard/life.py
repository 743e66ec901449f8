"""What a device tells as it goes on: where it is and moves to, its charge over time, how it understood its sentence, and where that stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.clean import line, name
from dashboard.floor.ground import near
from schemas import messages as m
from schemas.base import Frozen, Value

SAMPLES, EVERY = 24, 5.0
"""Of its charge that are remembered, and s between two at least."""
TOOK, CANDIDATES, ARGUMENTS, PROGRAM, WAY = 20, 5, 20, 60, 60
"""Durations, candidates, arguments, lines of a program and corners of a way that are kept."""
RUNS: tuple[str, ...] = ("start", "preprocessing", "call_pending", "postprocessing", "end")
"""The five states of a subtask that runs, in their order."""


@dataclass(frozen=True)
class Candidate:
    """A function that the sentence may have meant. `match`: how well it fits when read, where it was."""

    name: str
    score: float
    match: float | None = None


@dataclass(frozen=True)
class Call:
    """How a device understood a sentence. `function` empty: none fits."""

    subtask: str
    sentence: str
    function: str = ""
    arguments: str = ""
    confidence: float = 0.0
    candidates: tuple[Candidate, ...] = ()
    program: tuple[str, ...] = ()


@dataclass(frozen=True)
class Life:
    """`position` in m. `power`: (s, %), the newest last. `took`: (subtask, s), the newest first."""

    position: tuple[float, float] | None = None
    way: tuple[tuple[float, float], ...] = ()
    """Corners of the ground that is reserved for it, as far as that is told."""
    motion: tuple[float, float] | None = None
    """By how much it moved between its last two words on where it is."""
    power: tuple[tuple[float, float], ...] = ()
    run: str = ""
    """Where the subtask that runs stands, one of RUNS."""
    call: Call | None = None
    """The last one that it let operators see."""
    took: tuple[tuple[str, float], ...] = ()


def lived(life: Life, body: Frozen, at: float) -> Life:
    match body:
        case m.State():
            return _state(life, body, at)
        case m.Trace():
            return replace(life, call=_call(body))
        case m.OutcomeReport() if body.started_at is not None:
            took = (body.subtask, max(0.0, body.ended_at - body.started_at))
            return replace(life, took=(took, *(t for t in life.took if t[0] != body.subtask))[:TOOK])
        case _:
            return life


def _state(life: Life, body: m.State, at: float) -> Life:
    x, y, battery = (_number(body.attributes.get(key)) for key in ("x", "y", "battery"))
    position = (x, y) if x is not None and y is not None and near((x, y)) else None
    before = life.position
    motion = (position[0] - before[0], position[1] - before[1]) if position and before and position != before else None
    power = life.power
    if battery is not None and (not power or at - power[-1][0] >= EVERY):
        power = (*power, (at, battery))[-SAMPLES:]
    run = next((s.run for s in body.subtasks if s.state == "running" and s.run), "")
    way = body.way[:WAY] if all(map(near, body.way)) else ()
    return replace(life, position=position, way=way, motion=motion, power=power, run=run)


def _number(value: Value | None) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _call(body: m.Trace) -> Call:
    candidates = tuple(Candidate(name(c.name), c.score, c.match) for c in body.candidates[:CANDIDATES])
    arguments = line(", ".join(f"{k}={v!r}" for k, v in list(body.arguments.items())[:ARGUMENTS]))
    program = tuple(line(text) for text in body.program.splitlines()[:PROGRAM])
    return Call(name(body.subtask), line(body.sentence), name(body.function or ""), arguments, body.confidence, candidates, program)
