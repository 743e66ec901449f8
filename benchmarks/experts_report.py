"""What `parley bench experts` found, as tables for people."""

from __future__ import annotations

from benchmarks.experts_eval import ExpertsReport, Split
from benchmarks.report import share_line
from benchmarks.stats import Share, Times


def as_text(report: ExpertsReport) -> str:
    asked = report.questions
    lines = [f"{report.model}: {asked['iid']} i.i.d. and {asked['shifted']} shifted questions", "", "right by its best guess, i.i.d."]
    lines += [share_line(arm, accuracy, 38) for arm, accuracy in report.arms.items()]
    lines += [f"{'depth-2 tree on the features (cards)':<38}{100 * report.tree:>8.1f} %", ""]
    lines += [
        f"LM + experts over the LM alone: {report.gain_points:+.1f} points (McNemar p {report.mcnemar:.1g}); over the LM with features: "
        f"{report.gain_over_features:+.1f}; over the tree: {report.gain_over_tree:+.1f}; behind the experts alone: {report.behind_experts_only:.1f}",
        f"shifts together: {100 * report.coverage:.0f} % answered, {100 * report.answered_accuracy:.1f} % of these right",
        f"calibration error: {report.calibration_error['iid']:.3f} i.i.d., {report.calibration_error['shifted']:.3f} shifted; "
        f"{report.calls_per_question:g} calls a question",
        f"where the LM rewords, it overrides {_share(report.overrides_right)} of the right verdicts and follows {_share(report.follows_wrong)} of "
        "the wrong",
        "",
        f"{'expert':<16}{'split':<16}{'right':>8}{'tree':>8}{'answered':>10}{'of these right':>16}{'n':>6}",
    ]
    lines += [_split_line(split) for split in report.splits]
    chosen = report.selection
    lines += ["", f"choosing among experts ({chosen.set})"]
    lines += [share_line(name, s, 38) for name, s in (("right of those asked", chosen.precision), ("asked of those wanted", chosen.recall))]
    lines += [share_line("questions for none left alone", chosen.for_none, 38), "", "one expert fails"]
    lines += [
        f"{one.how:<20} answers {_share(one.own_answered)} of its own questions, {_share(one.own_right)} of these right; "
        f"the others lose {one.others_points_lost:.1f} points"
        for one in report.broken
    ]
    lines += ["", f"{'ms':<38}{'p50':>9}{'p95':>9}", _times("choosing", chosen.ms), _times("a tool call, session of its own", report.round_trip_ms)]
    lines += [_times("a tool call, session open", report.open_session_ms)]
    lines += [_times(f"verdict: {name}", t) for name, t in report.verdict_ms.items()]
    return "\n".join(lines)


def _split_line(split: Split) -> str:
    tree = f"{100 * split.tree:.0f}" if split.tree is not None else "–"
    return (
        f"{split.expert:<16}{split.split:<16}{100 * split.accuracy.value:>8.0f}{tree:>8}{100 * split.coverage.value:>10.0f}"
        f"{100 * split.answered.value:>16.0f}{split.accuracy.of:>6}"
    )


def _share(s: Share) -> str:
    return f"{100 * s.value:.0f} % ({s.hits}/{s.of})"


def _times(name: str, t: Times) -> str:
    return f"{name:<38}{t.p50:>9.2f}{t.p95:>9.2f}"
