"""How the site itself is: traffic, processes, experts."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from dashboard.clean import plain
from dashboard.picture import BAD, LINKS, ODD, Picture, hang
from dashboard.view import Expert, Presence
from dashboard.widgets.sheet import Sheet


class HealthSheet(Sheet):
    """`counters` are the door's: what it dropped, and why."""

    counters: Mapping[str, int] = {}

    def page(self, picture: Picture) -> Text:
        view = picture.view
        rate, bytes_ = view.rate(picture.now)
        health = view.health
        drops = f"  dropped {health.dropped}   unknown fields {self.counters.get('unknown_fields', 0)}   not sent {self.counters.get('unsent', 0)}"
        traffic = [
            _title("Traffic"), plain(f"  {rate:.1f} messages/s, {_amount(bytes_)}/s over the last 10 s"),
            plain(f"  {health.messages} messages, {_amount(health.bytes)} since this dashboard came"), plain((drops, ODD if health.dropped else "")),
        ]  # fmt: skip
        kinds = ", ".join(f"{k} {n}" for k, n in sorted(health.kinds.items(), key=lambda pair: -pair[1]))
        processes = [*_processes("Coordinators", view.coordinators, picture), *_processes("Agents", view.agents, picture)]
        return Text("\n").join([*traffic, hang(plain("  "), kinds, self.room, "dim"), *processes, *_experts(view.experts)])


def _processes(title: str, known: Mapping[str, Presence], picture: Picture) -> list[Text]:
    lines = [_title(title)]
    for ident, presence in sorted(known.items()):
        link = presence.link(picture.now)
        epoch = f"   epoch {picture.view.epochs[ident]}" if ident in picture.view.epochs else ""
        hosts = f"   {', '.join(presence.devices[:12])}" if presence.devices else ""
        lines.append(plain(f"  {ident:<24} ", (LINKS[link], "" if link == "online" else BAD), f"{epoch}{hosts}"))
    return lines if known else [*lines, plain("  none has shown itself")]


def _experts(known: Mapping[str, Expert]) -> list[Text]:
    lines = [_title("Experts")]
    for ident, expert in sorted(known.items()):
        word = LINKS["online"] if expert.status == "online" else LINKS["offline" if expert.status == "offline" else "broken"]
        where = f"   {expert.endpoint}" if expert.endpoint else ""
        lines.append(plain(f"  {ident:<24} ", (word, "" if expert.status == "online" else BAD), f"   tells: {', '.join(expert.tells)}{where}"))
    return lines if known else [*lines, plain("  none is up: parley expert serve --http 8765")]


def _amount(count: float) -> str:
    return f"{count:.0f} B" if count < 10_000 else f"{count / 1000:.0f} kB" if count < 10_000_000 else f"{count / 1e6:.0f} MB"


def _title(text: str) -> Text:
    return plain((f"{text}", "bold underline"))
