"""Sentence → call, stage by stage: where a model goes wrong, on what wording and in which language, and how far its confidence is right. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.map_eval import Answer, accuracy
from benchmarks.stats import Share, Times, calibration_error, share, times
from schemas.base import Frozen

BY_LANGUAGE = (
    "recall@4",
    "choice",
    "call_exact",
    "three_arguments",
    "false_refusals",
    "none_fits_refused",
    "missing_asked",
    "acted_on",
    "wrong_actions",
    "right_ends",
)


class Point(Frozen):
    """Of the share `coverage` of the cases about which the model is surest, the share `right` ended right; `confidence` is the least among them."""

    coverage: float
    right: float
    confidence: float


class StageReport(Frozen):
    """`stages`: the whole set; `groups`: right ends by language, number of arguments, kind of case and wording; `memory_mb`: most that the process
    held; `energy_j`: of the processor over all cases, where the machine counts it (RAPL)."""

    engine: str
    model: str
    set: str
    cases: int
    stages: dict[str, Share]
    groups: dict[str, dict[str, Share]]
    languages: dict[str, dict[str, Share]]
    """The stages again, of each language's cases alone."""
    curve: tuple[Point, ...]
    calibration_error: float
    times: Times
    memory_mb: float = 0.0
    energy_j: float | None = None
    weights_mb: float = 0.0
    bandwidth_gbs: float = 0.0
    """Memory bandwidth of this machine, measured by copying: reading all weights once takes at least weights / bandwidth."""


def stages(answers: Sequence[Answer]) -> dict[str, Share]:
    """Shares from retrieval to the decision; the names of `parley bench map` mean the same here."""
    calls = [a for a in answers if a.case.expect.name is not None]
    chosen = [a for a in calls if a.name == a.case.expect.name]
    acted = [a for a in answers if a.decision == "act"]
    return {
        **{f"recall@{k}": share([a.case.expect.name in a.near[:k] for a in calls]) for k in (1, 2, 4)},
        **accuracy(answers),
        "arguments": share([a.exact for a in chosen]),
        "three_arguments": share([a.exact for a in calls if len(a.case.expect.arguments) >= 3]),
        "acted_on": share([a.decision == "act" for a in answers]),
        "acted_right": share([a.exact for a in acted]),
        "right_ends": share([a.exact for a in answers]),
    }


def groups(answers: Sequence[Answer]) -> dict[str, dict[str, Share]]:
    return {
        "language": _by(answers, lambda a: (a.case.language,)),
        "arguments": _by([a for a in answers if a.case.expect.name is not None], lambda a: (f"{len(a.case.expect.arguments)}",)),
        "kind": _by(answers, lambda a: (a.case.expect.reason or "call",)),
        "wording": _by(answers, lambda a: a.case.tags),
    }


def _by(answers: Sequence[Answer], keys: Callable[[Answer], tuple[str, ...]]) -> dict[str, Share]:
    found: dict[str, list[bool]] = {}
    for one in answers:
        for key in keys(one):
            found.setdefault(key, []).append(one.exact)
    return {key: share(found[key]) for key in sorted(found)}


def curve(answers: Sequence[Answer]) -> tuple[Point, ...]:
    """Risk and coverage (El-Yaniv and Wiener, JMLR 2010): cases by falling confidence in their end, whatever it is; a right refusal is right."""
    ranked = sorted(answers, key=lambda a: -a.confidence)
    points: list[Point] = []
    right = 0
    for n, one in enumerate(ranked, 1):
        right += one.exact
        points.append(Point(coverage=n / len(ranked), right=right / n, confidence=one.confidence))
    return tuple(points)


def at_coverage(points: Sequence[Point], coverage: float) -> Point | None:
    """The first point that covers at least so much."""
    return next((p for p in points if p.coverage >= coverage - 1e-9), None)


def judged(answers: Sequence[Answer], engine: str, model: str, source: str) -> StageReport:
    return StageReport(
        engine=engine, model=model, set=source, cases=len(answers), stages=stages(answers), groups=groups(answers), curve=curve(answers),
        languages={code: stages([a for a in answers if a.case.language == code]) for code in sorted({a.case.language for a in answers})},
        calibration_error=calibration_error([(a.confidence, a.exact) for a in answers]), times=times([a.ms for a in answers]),
    )  # fmt: skip


def as_text(report: StageReport) -> str:
    """Tables for people; shares with their 95 % intervals."""
    lines = [f"{report.cases} cases of {report.set}; {report.engine}: {report.model}"]
    lines += [_line(name, s) for name, s in report.stages.items()]
    for title, rows in report.groups.items():
        lines += [f"right ends by {title}", *(_line(f"  {name}", s) for name, s in rows.items())]
    if len(report.languages) > 1:
        lines.append(" " * 22 + "".join(f"{code:>8}" for code in report.languages))
        lines += [f"{name:<22}" + "".join(f"{100 * told[name].value:>8.1f}" for told in report.languages.values()) for name in BY_LANGUAGE]
    at = [(c, p) for c in (0.25, 0.5, 0.75, 1.0) if (p := at_coverage(report.curve, c)) is not None]
    lines += ["right among the surest", *(f"  {100 * c:>3.0f} %{100 * p.right:>25.1f} %  confidence ≥ {p.confidence:.2f}" for c, p in at)]
    lines.append(f"calibration error{100 * report.calibration_error:>13.1f} %")
    lines.append(f"time per sentence{report.times.p50:>13.1f} ms p50, {report.times.p95:.1f} ms p95; {report.memory_mb:.0f} MB resident at most")
    least = report.weights_mb / report.bandwidth_gbs if report.bandwidth_gbs else 0.0
    lines.append(f"weights{report.weights_mb:>23.1f} MB; {least:.1f} ms to read once at {report.bandwidth_gbs:.1f} GB/s")
    lines.append(
        "energy" + (f"{1000 * report.energy_j / report.cases:>24.0f} mJ per sentence" if report.energy_j else f"{'not counted by this machine':>40}")
    )
    return "\n".join(lines)


def _line(name: str, s: Share) -> str:
    return f"{name:<22}{100 * s.value:>8.1f} %  [{100 * s.low:.1f}, {100 * s.high:.1f}]  {s.hits}/{s.of}"
