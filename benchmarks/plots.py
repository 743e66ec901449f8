"""Pictures of measurements; the one door to matplotlib, which is an extra (`pip install parley[plots]`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from benchmarks.experts_eval import ExpertsReport
from benchmarks.map_stage import StageReport
from benchmarks.stats import Share
from schemas.errors import ConfigError

_INK, _SOFT = "#1f4e79", "#9db8d2"


def draw_stages(report: StageReport, path: Path) -> None:
    """Stages and groups with their intervals on the left, risk and coverage on the right; PNG or SVG by the name. Raises ConfigError."""
    plt = _pyplot()
    rows = [*report.stages.items()]
    for title, group in report.groups.items():
        rows += [(f"{title}: {name}", s) for name, s in group.items()]
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, max(5.0, 0.27 * len(rows))), gridspec_kw={"width_ratios": [3, 2]})
    _bars(left, rows)
    right.plot([100 * p.coverage for p in report.curve], [100 * p.right for p in report.curve], color=_INK)
    right.axhline(95, color=_SOFT, linestyle="--")
    right.set(xlabel="surest cases, %", ylabel="right ends among them, %", xlim=(0, 100), ylim=(0, 101), title="coverage and risk")
    figure.suptitle(f"{report.engine}: {report.model} on {report.set} ({report.cases} cases)")
    _save(plt, figure, path)


def draw_experts(report: ExpertsReport, path: Path) -> None:
    """Arms on the left, what each split answers and how rightly on the right; PNG or SVG by the name. Raises ConfigError."""
    plt = _pyplot()
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, max(5.0, 0.26 * len(report.splits))), gridspec_kw={"width_ratios": [1, 1]})
    _bars(left, [*report.arms.items()])
    at = range(len(report.splits), 0, -1)
    right.barh(at, [100 * s.coverage.value for s in report.splits], color=_SOFT, height=0.7, label="answered")
    for y, split in zip(at, report.splits, strict=True):
        if split.answered.of:
            right.plot(100 * split.answered.value, y, "o", color=_INK, markersize=5)
    right.plot([], [], "o", color=_INK, label="of these right")
    right.set_yticks(list(at), [f"{s.expert}: {s.split}" for s in report.splits], fontsize=8)
    right.set(xlim=(0, 102), ylim=(0, len(report.splits) + 1), xlabel="%")
    right.set_title("what experts answer, by split", loc="left")
    right.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8, frameon=False)
    figure.suptitle(f"{report.model}: {report.questions['iid']} i.i.d. and {report.questions['shifted']} shifted questions")
    _save(plt, figure, path)


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as drawing
    except ImportError:
        raise ConfigError("--plot needs matplotlib: pip install 'parley[plots]'") from None
    plt = cast("Any", drawing)
    plt.switch_backend("agg")
    return plt


def _save(plt: Any, figure: Any, path: Path) -> None:
    figure.tight_layout()
    try:
        figure.savefig(path, dpi=110)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None
    finally:
        plt.close(figure)


def _bars(axes: Any, rows: list[tuple[str, Share]]) -> None:
    at = range(len(rows), 0, -1)
    axes.barh(at, [100 * s.value for _, s in rows], color=_SOFT, height=0.7)
    for y, (_, s) in zip(at, rows, strict=True):
        axes.plot([100 * s.low, 100 * s.high], [y, y], color=_INK, linewidth=2)
        axes.text(101, y, f"{100 * s.value:.1f}  ({s.of})", va="center", fontsize=8)
    axes.set_yticks(list(at), [name for name, _ in rows], fontsize=8)
    axes.set(xlim=(0, 117), ylim=(0, len(rows) + 1), xticks=range(0, 101, 20), xlabel="% with 95 % interval")
