"""The experts: who is up, what each was asked lately, and what it said with its doubt."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from dashboard.clean import plain
from dashboard.consulting import Consulting, Look, Opinion
from dashboard.picture import BAD, GOOD, LINKS, ODD, Picture, clock, hang, span
from dashboard.timing import percentile
from dashboard.view import Expert
from dashboard.widgets.sheet import Sheet

LATELY = 12
"""Verdicts, and windows, that are listed."""


class ExpertSheet(Sheet):
    """`broker`: the address at which they would be heard of."""

    broker = ""

    def page(self, picture: Picture) -> Sequence[Text]:
        view, known = picture.view, picture.view.consulting
        if not view.experts and not known.opinions:
            return [*_how_to(self.broker)]
        up = [line for ident, expert in sorted(view.experts.items()) for line in _process(ident, expert, known, self.room)]
        said = [hang(_head(o), _told(o), self.room, _style(o)) for o in known.opinions[:LATELY]]
        windows = [_window(look) for look in known.looks[:LATELY]]
        return [
            *up,
            _title("\nVerdicts lately"),
            *(said or [plain("  none since this dashboard came: ask the fleet what an expert can tell (i)")]),
            _title("\nWindows that they looked at"),
            *(windows or [plain("  none over the broker since this dashboard came")]),
        ]


def _how_to(broker: str) -> list[Text]:
    """For a second terminal."""
    where = f" --broker {broker}" if broker else ""
    return [plain("No expert is up. Experts tell what a language model cannot sense; they come with this in another terminal:"),
            plain((f"\n  parley expert serve --http 8765{where}", "bold"))]  # fmt: skip


def _process(ident: str, expert: Expert, known: Consulting, room: int) -> list[Text]:
    word = LINKS["online"] if expert.status == "online" else LINKS["offline" if expert.status == "offline" else "broken"]
    took = [o.seconds for name in expert.tells for o in known.of(name) if o.seconds is not None]
    latency = f"answers in {span(percentile(took, 0.5))} (p50), {span(max(took))} at most" if took else "latency: nobody has asked yet"
    state = (word, "" if expert.status == "online" else BAD)
    head = plain((ident, "bold"), "  ", state, f"  {expert.endpoint or 'no endpoint told'}  ", (latency, "dim"))
    return [head, *(hang(plain(f"  {name:<16} "), _last(known.of(name)), room) for name in expert.tells)]


def _last(opinions: list[Opinion]) -> str:
    if not opinions:
        return "not asked since this dashboard came"
    return f"asked {len(opinions)} ×, last of {opinions[0].device}: {_told(opinions[0])}"


def _head(opinion: Opinion) -> Text:
    return plain((f"  {clock(opinion.at)} ", "dim"), (f" {opinion.expert[:16]:<16}", "bold"), f" {opinion.device[:14]:<14} ")


def _told(opinion: Opinion) -> str:
    if opinion.held is not None:
        return f"{'✓ saw the same' if opinion.held else '✗ saw something else'}: {opinion.finding or 'not told'}"
    if not opinion.finding:
        return f"? cannot tell{f': {opinion.why}' if opinion.why else ''}"
    sure = f"{opinion.sure:.0%} sure" if opinion.sure is not None else "doubt not told"
    return f"{opinion.finding}, {sure}{f', in {span(opinion.seconds)}' if opinion.seconds is not None else ''}"


def _style(opinion: Opinion) -> str:
    if opinion.held is not None:
        return GOOD if opinion.held else BAD
    return "" if opinion.finding else ODD


def _window(look: Look) -> Text:
    end = f"✗ {look.problem}" if look.problem else f"✓ in {span(look.took)}" if look.took is not None else "… no window has come"
    return plain((f"  {clock(look.at)} ", "dim"), f" {look.by[:16]:<16} {look.device}/{look.what}  ", (end, BAD if look.problem else ""))


def _title(text: str) -> Text:
    return plain((text, "bold underline"))
