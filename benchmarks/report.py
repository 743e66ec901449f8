"""A report of `benchmarks.map_eval` as a table for people."""

from __future__ import annotations

import json

from benchmarks.map_eval import Report
from benchmarks.stats import Share, Times


def as_text(report: Report, mistakes: bool = False) -> str:
    """Accuracy with 95 % intervals, times in ms, and with `mistakes` each wrong case."""
    lines = [f"{report.cases} cases", *(share_line(name, s) for name, s in report.accuracy.items())]
    lines.append(f"{'ms':<22}{'p50':>9}{'p95':>9}{'CPU p50':>9}{'CPU p95':>9}{'n':>6}")
    lines += [times_line(stage, t, report.cpu[stage]) for stage, t in report.times.items()]
    if mistakes:
        lines += [f"{m['id']}: {m['instruction']}\n  expected {_short(m['expected'])}\n  got      {_short(m['got'])}" for m in report.mistakes]
    return "\n".join(lines)


def share_line(name: str, s: Share, width: int = 22) -> str:
    return f"{name:<{width}}{100 * s.value:>8.1f} %  [{100 * s.low:.1f}, {100 * s.high:.1f}]  {s.hits}/{s.of}"


def times_line(stage: str, wall: Times, cpu: Times) -> str:
    return f"  {stage:<20}{wall.p50:>9.2f}{wall.p95:>9.2f}{cpu.p50:>9.2f}{cpu.p95:>9.2f}{wall.n:>6}"


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
