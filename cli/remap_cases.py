"""The thinking behind `parley replay --model`: what was read of each sentence then, what is read of it now, and whether that is the same. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from benchmarks.map_eval import same
from runtime.recording import Recording
from schemas.base import Frozen
from schemas.messages import OutcomeReport, State, Subtask, Trace
from schemas.outcomes import Done, Failed, NeedsAnswer, Outcome, RefusalReason, Refused
from schemas.skills import Call, Catalogue

End = Literal["act", "ask", "refuse"]
Verdict = Literal["same", "other call", "asks now", "refuses now", "acts now", "call unknown", "not judged"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
HIDDEN = "***"
"""What an agent puts in the place of a password."""
_OF_LANGUAGE: frozenset[RefusalReason] = frozenset(("none_fits", "missing_argument", "out_of_range", "several", "forbidden", "unsafe", "invalid"))
"""Refusals that come of what was said, and not of how the device just was."""


class Read(Frozen):
    """What came of a sentence: the call that was made, or that is asked about; None where none was, or where it was kept private."""

    end: End
    call: Call | None = None


@dataclass(frozen=True)
class Case:
    """A sentence, and what came of it; None where the recording does not tell. `catalogue`: digest of what the device could do then."""

    at: float
    subtask: str
    body: Subtask
    catalogue: str | None
    then: Read | None


class Compared(Frozen):
    """`why` a case was not judged."""

    at: float
    device: str
    sentence: str
    then: Read | None
    now: Read | None = None
    verdict: Verdict = "not judged"
    why: str = ""


def cases_of(recording: Recording) -> list[Case]:
    """Every sentence once, in the order of their sending."""
    catalogues: dict[str, str | None] = {}
    sent: dict[str, tuple[float, Subtask, str | None]] = {}
    traces, outcomes = dict[str, Trace](), dict[str, Outcome]()
    for entry, _, envelope in recording.messages():
        match envelope.body:
            case State() as body:
                catalogues[body.device] = body.catalogue
            case Subtask() as body if envelope.subtask is not None:
                sent.setdefault(envelope.subtask, (entry.at, body, catalogues.get(body.device)))
            case Trace() as body:
                traces[body.subtask] = body
            case OutcomeReport() as body:
                outcomes[body.subtask] = body.outcome
            case _:
                pass
    return [Case(at, s, body, digest, read_of(traces.get(s), outcomes.get(s))) for s, (at, body, digest) in sent.items()]


def read_of(trace: Trace | None, outcome: Outcome | None) -> Read | None:
    """How a sentence was taken. None where it never was, or where that is not known."""
    call = Call(function=trace.function, arguments=trace.arguments) if trace is not None and trace.function is not None else None
    match outcome:
        case NeedsAnswer():
            return Read(end="ask", call=call)
        case Refused():
            return Read(end="refuse") if outcome.reason in _OF_LANGUAGE else None
        case Done() | Failed():
            return Read(end="act", call=call)
        case _:
            return Read(end="act", call=call) if call is not None else None


def compared(case: Case, now: Read) -> Compared:
    then = case.then
    shown = Compared(at=case.at, device=case.body.device, sentence=case.body.text, then=then, now=now)
    return shown.model_copy(update={"verdict": _verdict(then, now)} if then is not None else {"why": "what came of it is not in the recording"})


def policy(case: Case, catalogue: Catalogue) -> tuple[str, ...]:
    """The functions that the site's policy allows though they cannot be undone, as far as this case tells: no message names them, and the rerun
    executes nothing. What was done then without a person's yes was allowed; a yes was to one call, and allows no other."""
    if case.then is None or case.then.end != "act" or case.body.approval is not None:
        return ()
    return (case.then.call.function,) if case.then.call is not None else tuple(f.name for f in catalogue.functions)


def unjudged(case: Case, why: str) -> Compared:
    return Compared(at=case.at, device=case.body.device, sentence=case.body.text, then=case.then, why=why)


def _verdict(then: Read, now: Read) -> Verdict:
    moved: dict[End, Verdict] = {"act": "acts now", "ask": "asks now", "refuse": "refuses now"}
    if then.end != now.end:
        return moved[now.end]
    if then.call is None or now.call is None:
        return "call unknown" if then.end == "act" else "same"
    return "same" if _same_call(then.call, now.call) else "other call"


def _same_call(then: Call, now: Call) -> bool:
    """A password that was hidden is like any other."""
    known = {k: v for k, v in now.arguments.items() if then.arguments.get(k) != HIDDEN}
    told = {k: v for k, v in then.arguments.items() if v != HIDDEN}
    return then.function == now.function and then.arguments.keys() == now.arguments.keys() and same(told, known)


# As text


def counts(cases: Iterable[Compared]) -> dict[Verdict, int]:
    found = Counter(case.verdict for case in cases)
    return {verdict: found[verdict] for verdict in VERDICTS}


def table(cases: list[Compared]) -> list[str]:
    """A line for each device, and one for all of them; then the sentences that differ, and why some were not judged."""
    devices = sorted({c.device for c in cases})
    rows = [_row(device, [c for c in cases if c.device == device]) for device in devices]
    head = f"{'device':<20}{'sentences':>10}" + "".join(f"{verdict:>14}" for verdict in VERDICTS)
    differ = [line for c in cases if c.verdict not in ("same", "call unknown", "not judged") for line in _difference(c)]
    reasons = Counter((c.device, c.why) for c in cases if c.verdict == "not judged")
    missing = [f"  {device}: {count} of its sentences; {why}" for (device, why), count in sorted(reasons.items())]
    return [
        head, *rows, *([_row("all", cases)] if len(devices) != 1 else []), *(["", "Different:", *differ] if differ else []),
        *(["", "Not judged:", *missing] if missing else []),
    ]  # fmt: skip


def _row(name: str, cases: list[Compared]) -> str:
    return f"{name:<20}{len(cases):>10}" + "".join(f"{count:>14}" for count in counts(cases).values())


def _difference(case: Compared) -> list[str]:
    return [f"  {case.device}: {case.sentence}", f"      then: {_words(case.then)}", f"      now:  {_words(case.now)}"]


def _words(read: Read | None) -> str:
    if read is None:
        return "not known"
    said = "" if read.call is None else f"{read.call.function}({', '.join(f'{k}={v!r}' for k, v in read.call.arguments.items())})"
    words: Mapping[End, str] = {"act": said or "acted", "ask": f"asked{f' about {said}' if said else ''}", "refuse": "refused"}
    return words[read.end]
