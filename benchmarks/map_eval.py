"""Sentence → call on a set of cases with known answers: accuracy, and the time of each stage."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from benchmarks.stats import Share, Times, share, times
from device_agent.heads import Heads
from device_agent.hypothesis import Decision
from device_agent.interpreter import Interpreter, Reader
from device_agent.paper_format import read_functions
from runtime.llm.llama_cpp.encoder import Encoder
from schemas.base import Frozen
from schemas.errors import ConfigError, ContractError
from schemas.skills import Function

SET = Path(__file__).parent / "sets" / "map-foreign.jsonl"
STAGES = ("catalogue", "retrieve", "read", "bind", "whole")
"""Vectors of a new catalogue; nearest functions; the reader's passes; choice and typed arguments; the sentence from end to end."""


class Expected(Frozen):
    """The right answer; `name` is None where no call may be made, for `reason`."""

    name: str | None = None
    arguments: dict[str, JsonValue] = {}
    reason: str | None = None


class Case(Frozen):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: JsonValue = None
    instruction: str
    functions: tuple[Function, ...]
    context: str = ""
    expect: Expected
    language: str = "en"
    """ISO 639-1."""
    tags: tuple[str, ...] = ()
    """What is special about its wording ("indirect", "corrected")."""


class Answer(Frozen):
    """What was predicted for a case; `best` is the function with the highest match, named or not. `near`: functions by retrieval, nearest first."""

    case: Case = Field(exclude=True)
    name: str | None
    arguments: dict[str, JsonValue]
    decision: Decision
    reason: str | None
    best: str | None
    confidence: float = 0.0
    near: tuple[str, ...] = ()
    ms: float = 0.0

    @property
    def exact(self) -> bool:
        """The right call with the right arguments, or rightly none for the right reason."""
        right = self.case.expect
        if right.name is None:
            return self.name is None and self.reason == right.reason
        return self.name == right.name and same(self.arguments, right.arguments)


class Report(Frozen):
    """Shares by what is asked, times by stage (on the wall, and of the CPU), and what went wrong."""

    cases: int
    accuracy: dict[str, Share]
    times: dict[str, Times]
    cpu: dict[str, Times]
    mistakes: tuple[dict[str, JsonValue], ...]


class Stopwatch:
    """An interpreter's `stage`. Each call adds a figure: ms on the wall, and ms of CPU time in all threads, which a busy machine spoils less."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {stage: [] for stage in STAGES}
        self.cpu: dict[str, list[float]] = {stage: [] for stage in STAGES}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[stage].append((time.perf_counter() - wall) * 1000.0)
        self.cpu[stage].append((time.process_time() - cpu) * 1000.0)


def read_cases(path: Path) -> list[Case]:
    """Cases of a JSONL file. Raises ConfigError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    cases = [_case(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not cases:
        raise ConfigError(f"{path}: holds no case")
    return cases


def _case(line: str, where: str) -> Case:
    try:
        raw: dict[str, Any] = json.loads(line)
        return Case.model_validate({**raw, "functions": read_functions(raw.get("functions")), "context": raw.get("context") or ""})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, TypeError, AttributeError, ContractError) as error:
        raise ConfigError(f"{where}: not a case ({error})") from None


def evaluate(cases: Sequence[Case], embed: Path, threads: int = 1) -> Report:
    """Run every case once, in order, with this encoder and the heads beside it. Raises ConfigError when they cannot be loaded."""
    watch = Stopwatch()
    interpreter = Interpreter(Encoder(embed, threads), Heads.load(embed.with_name(f"{embed.stem}-heads.npz")), stage=watch)
    answers = [answer(case, interpreter, watch) for case in cases]
    wrong = tuple(mistake(a) for a in answers if not a.exact or (a.case.expect.name is not None and a.decision != "act"))
    wall, cpu = ({stage: times(ms) for stage, ms in measured.items()} for measured in (watch.wall, watch.cpu))
    return Report(cases=len(cases), accuracy=accuracy(answers), times=wall, cpu=cpu, mistakes=wrong)


def answer(case: Case, reader: Reader, watch: Stopwatch) -> Answer:
    catalogue = reader.catalogue(case.functions)
    with watch("whole"):
        read = reader.interpret(case.instruction, catalogue, case.context)
    matched = [c for c in read.candidates if c.match is not None]
    best = max(matched, key=lambda c: c.match or 0.0).name if matched else read.name
    near = tuple(c.name for c in sorted(read.candidates, key=lambda c: -c.similarity))
    return Answer(
        case=case, name=read.name, arguments=read.arguments, decision=read.decision, reason=read.reason, best=best,
        confidence=read.confidence, near=near, ms=read.ms,
    )  # fmt: skip


def accuracy(answers: Sequence[Answer]) -> dict[str, Share]:
    """`call_exact` counts the best hypothesis, acted on or only asked about; `wrong_actions` is the share of all cases (less is better)."""
    callable_ = [a for a in answers if a.case.expect.name is not None]

    def for_reason(reason: str) -> Share:
        return share([a.exact for a in answers if a.case.expect.reason == reason])

    return {
        "choice": share([a.best == a.case.expect.name for a in callable_]),
        "call_exact": share([a.exact for a in callable_]),
        "acted_exact": share([a.exact and a.decision == "act" for a in callable_]),
        "false_refusals": share([a.decision == "refuse" for a in callable_]),
        "none_fits_refused": share([a.name is None and a.decision == "refuse" for a in answers if a.case.expect.reason == "none_fits"]),
        "missing_asked": for_reason("missing_argument"),
        "out_of_range_refused": for_reason("out_of_range"),
        "wrong_actions": share([a.decision == "act" and not a.exact for a in answers]),
    }


def same(left: JsonValue, right: JsonValue) -> bool:
    """Numbers equal within 1e-6 relative, everything else exactly; true is not 1, an extra or missing key is a difference."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=1e-6)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def mistake(answer: Answer) -> dict[str, JsonValue]:
    """A case that went wrong, for people who mend it."""
    case, got = answer.case, answer.model_dump(mode="json", exclude={"case"})
    return {"id": case.id, "instruction": case.instruction, "expected": case.expect.model_dump(mode="json"), "got": got}
