"""`parley bench experts`: what asking experts is worth, over the very path that a coordinator takes, by MCP on loopback.

The arms answer the same questions. An expert's guess counts where arms are compared, its answer (or abstention) where coverage is told.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks import experts_arms as arms
from benchmarks.experts_desk import BROKEN, FAILURES, Desk, desk, seen
from benchmarks.experts_questions import IID, Question, Wording
from benchmarks.stats import Share, Times, calibration_error, mcnemar, mean, share, times
from coordinator.experts import Asked
from experts.catalogue import names, open_expert
from runtime.llm.protocol import Embedder
from schemas.base import Frozen
from schemas.experts import ExpertCard, Verdict

LM, FEATURES, EXPERTS, ONLY = "LM alone, raw numbers", "LM with physics and features", "LM + experts", "experts only"
REWORDED, FORCED, MAJORITY = "LM + experts, the LM rewords", "every expert forced, the LM rewords", "majority"


class Split(Frozen):
    """One split of one expert: right of all by its guess, how many it answers, and how many of these rightly."""

    expert: str
    split: str
    accuracy: Share
    coverage: Share
    answered: Share
    tree: float | None


class Selection(Frozen):
    """Of all experts asked, those that were right; of those wanted, those that were asked; of questions for none, those that went to none."""

    set: str
    precision: Share
    recall: Share
    for_none: Share
    ms: Times


class Broken(Frozen):
    """One expert that fails: how many of its own questions are still answered (wrongly, if it lies), and what that costs the others, in points."""

    how: str
    own_answered: Share
    own_right: Share
    others_points_lost: float


class ExpertsReport(Frozen):
    """Shares are 0–1, points 0–100. `mcnemar`: p of the LM with and without experts being right equally often."""

    model: str
    questions: dict[str, int]
    arms: dict[str, Share]
    by_expert: dict[str, dict[str, float]]
    tree: float
    gain_points: float
    gain_over_features: float
    gain_over_tree: float
    behind_experts_only: float
    mcnemar: float
    coverage: float
    answered_accuracy: float
    splits: tuple[Split, ...]
    selection: Selection
    calls_per_question: float
    calibration_error: dict[str, float]
    overrides_right: Share
    follows_wrong: Share
    broken: tuple[Broken, ...]
    round_trip_ms: Times
    """A tool call with a session of its own, as the coordinator asks."""
    open_session_ms: Times
    verdict_ms: dict[str, Times]


@dataclass(frozen=True)
class Answered:
    """What one question came to, over the coordinator's path and from the wanted expert directly."""

    question: Question
    through: tuple[str | None, str | None]
    direct: tuple[str | None, str | None]
    found: tuple[Asked, ...]
    verdict: Verdict

    @property
    def told_something(self) -> bool:
        """An answer of another expert than the wanted one is an answer, too, and not right."""
        wanted = any(a.card.name == self.question.expert for a in self.found)
        return self.through[0] is not None or (not wanted and any(a.finding for a in self.found))


Progress = Callable[[str], None]


async def answers(at: Desk, questions: Iterable[Question], told: Progress) -> list[Answered]:
    done = list[Answered]()
    opened = {name: open_expert(name) for name in names()}
    for number, question in enumerate(questions, 1):
        found = await at.consult(question)
        one = await at.ask(question, question.expert, opened[question.expert].card)
        assert one.verdict is not None
        done.append(Answered(question, arms.by_expert(found, question), arms.by_expert([one], question), tuple(found), one.verdict))
        if number % 200 == 0:
            told(f"{number} questions asked")
    return done


async def evaluate(
    wordings: Sequence[Wording], source: str, questions: Sequence[Question], writer: arms.Writer, model: str, embedder: Embedder, told: Progress
) -> ExpertsReport:
    """Every arm, split, and failure. Raises ModelError when the language model does not answer."""
    cards = {name: open_expert(name).card for name in names()}
    async with desk(embedder) as at:
        selection = await _selection(at, wordings, source)
        done = await answers(at, questions, told)
        calls, trips = at.calls / max(len(done), 1), times(at.ms)
        iid = [a for a in done if a.question.split == IID]
        within = await at.in_one_session([a.question for a in iid[:200]])
        told(f"{len(iid)} questions again with an expert that fails, in four ways")
        broken = [await _broken(at, how, iid) for how in FAILURES]
    told(f"{len(iid)} questions for the language model, four times")
    written = await asyncio.to_thread(_written, writer, iid, cards, told)
    rights: dict[str, list[bool]] = {
        MAJORITY: _majority(iid),
        **{arm: [label == a.question.truth for label, a in zip(labels, iid, strict=True)] for arm, labels in written.items()},
        EXPERTS: [a.through[1] == a.question.truth for a in iid],
        ONLY: [a.direct[1] == a.question.truth for a in iid],
    }
    accuracy = {arm: share(right) for arm, right in rights.items()}
    splits = _splits(done, cards)
    shifted = [a for a in done if a.question.split != IID]
    answered = [a for a in shifted if a.told_something]
    tree = mean([s.tree for s in splits if s.split == IID and s.tree is not None])
    reworded = list(zip(written[REWORDED], iid, strict=True))
    return ExpertsReport(
        model=model,
        questions={"iid": len(iid), "shifted": len(shifted)},
        arms=accuracy,
        by_expert={arm: _by_expert(right, iid) for arm, right in rights.items()},
        tree=tree,
        gain_points=_points(accuracy[EXPERTS].value - accuracy[LM].value),
        gain_over_features=_points(accuracy[EXPERTS].value - accuracy[FEATURES].value),
        gain_over_tree=_points(accuracy[EXPERTS].value - tree),
        behind_experts_only=_points(accuracy[ONLY].value - accuracy[EXPERTS].value),
        mcnemar=mcnemar(rights[EXPERTS], rights[LM]),
        coverage=len(answered) / max(len(shifted), 1),
        answered_accuracy=mean([a.through[0] == a.question.truth for a in answered]),
        splits=splits,
        selection=selection,
        calls_per_question=round(calls, 2),
        calibration_error={name: round(calibration_error(_guesses(of)), 4) for name, of in (("iid", iid), ("shifted", shifted))},
        overrides_right=share([label != a.question.truth for label, a in reworded if a.through[0] == a.question.truth]),
        follows_wrong=share([label == a.through[0] for label, a in reworded if a.through[0] not in (None, a.question.truth)]),
        broken=tuple(broken),
        round_trip_ms=trips,
        open_session_ms=within,
        verdict_ms=_verdict_ms(iid),
    )


async def _selection(at: Desk, wordings: Sequence[Wording], source: str) -> Selection:
    asked, wanted, none, ms = list[bool](), list[bool](), list[bool](), list[float]()
    for wording in wordings:
        began = time.perf_counter()
        chosen = set(await at.consultant.choose(wording.text, seen(wording.text)[1]))
        ms.append((time.perf_counter() - began) * 1e3)
        asked += [name in wording.experts for name in chosen]
        wanted += [name in chosen for name in wording.experts]
        none += [] if wording.experts else [not chosen]
    return Selection(set=source, precision=share(asked), recall=share(wanted), for_none=share(none), ms=times(ms))


def _written(writer: arms.Writer, iid: Sequence[Answered], cards: dict[str, ExpertCard], told: Progress) -> dict[str, list[str | None]]:
    """What the language model says in each arm that has one."""
    done: dict[str, list[str | None]] = {LM: [], FEATURES: [], REWORDED: [], FORCED: []}
    opened = {name: open_expert(name) for name in cards}
    for number, a in enumerate(iid, 1):
        question = a.question
        every = [Asked(cards[name], "robot-1", opened[name].judge(question.window)) for name in cards if cards[name].window == question.window.kind]
        prompts = {
            LM: arms.with_numbers(question),
            FEATURES: arms.with_features(question),
            REWORDED: arms.with_verdicts(question, a.found),
            FORCED: arms.with_verdicts(question, every),
        }
        for arm, prompt in prompts.items():
            done[arm].append(arms.said(writer, prompt, question.labels))
        if number % 50 == 0:
            told(f"{number} of {len(iid)} questions written")
    return done


async def _broken(at: Desk, how: str, whole: Sequence[Answered]) -> Broken:
    """All i.i.d. questions again, with one expert that fails."""
    before_it_failed, fails = at.switch.now, FAILURES[how]
    at.switch.now = fails(BROKEN) if fails is not None else before_it_failed
    at.present(without=BROKEN if fails is None else None)
    questions = [w.question for w in whole]
    found = [arms.by_expert(await at.consult(question), question) for question in questions]
    at.switch.now = before_it_failed
    at.present()
    own = [(f, q) for f, q in zip(found, questions, strict=True) if q.expert == BROKEN]
    before = [w.through[1] == w.question.truth for w in whole if w.question.expert != BROKEN]
    after = [f[1] == q.truth for f, q in zip(found, questions, strict=True) if q.expert != BROKEN]
    return Broken(
        how=how,
        own_answered=share([f[0] is not None for f, _ in own]),
        own_right=share([f[0] == q.truth for f, q in own if f[0] is not None]),
        others_points_lost=_points(mean(before) - mean(after)),
    )


def _majority(iid: Sequence[Answered]) -> list[bool]:
    common = dict[str, str]()
    for name in names():
        truths = [a.question.truth for a in iid if a.question.expert == name]
        common[name] = max(sorted(set(truths)), key=truths.count) if truths else ""
    return [common[a.question.expert] == a.question.truth for a in iid]


def _splits(done: Sequence[Answered], cards: dict[str, ExpertCard]) -> tuple[Split, ...]:
    groups = dict[tuple[str, str], list[Answered]]()
    for a in done:
        groups.setdefault((a.question.expert, a.question.split), []).append(a)
    return tuple(
        Split(
            expert=name,
            split=split,
            accuracy=share([a.direct[1] == a.question.truth for a in group]),
            coverage=share([a.direct[0] is not None for a in group]),
            answered=share([a.direct[0] == a.question.truth for a in group if a.direct[0] is not None]),
            tree=cards[name].figures.get(split if split == IID else f"held-out {split}", {}).get("tree"),
        )
        for (name, split), group in groups.items()
    )


def _by_expert(right: Sequence[bool], iid: Sequence[Answered]) -> dict[str, float]:
    return {name: mean([r for r, a in zip(right, iid, strict=True) if a.question.expert == name]) for name in names()}


def _verdict_ms(iid: Sequence[Answered]) -> dict[str, Times]:
    """Features and network, without MCP."""
    spent = dict[str, list[float]]()
    opened = {name: open_expert(name) for name in names()}
    for a in iid:
        began = time.perf_counter()
        opened[a.question.expert].judge(a.question.window)
        spent.setdefault(a.question.expert, []).append((time.perf_counter() - began) * 1e3)
    return {name: times(ms) for name, ms in spent.items()}


def _guesses(done: Sequence[Answered]) -> list[tuple[float, bool]]:
    """Confidence and whether it was right, of whole windows."""
    return [(a.verdict.confidence, a.direct[1] == a.question.truth) for a in done if a.direct[1] is not None and a.question.part is None]


def _points(value: float) -> float:
    return round(100 * value, 1)
