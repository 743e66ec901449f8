"""How the site itself is: traffic, work in hand, delays, processes. What nobody tells is said to be untold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from dashboard.clean import plain
from dashboard.picture import BAD, LINKS, ODD, Picture, hang, span
from dashboard.timing import Timing, percentile
from dashboard.view import Presence, ViewState
from dashboard.widgets.sheet import Sheet
from schemas.messages import Use


class HealthSheet(Sheet):
    """`counters` are the door's: what it dropped, and why. `broker`: its address, `key`: that key's file with which this site's approvals are signed,
    for whoever wants to come to it, too."""

    counters: Mapping[str, int] = {}
    broker = ""
    key = ""

    def page(self, picture: Picture) -> Sequence[Text]:
        view = picture.view
        rate, bytes_ = view.rate(picture.now)
        health = view.health
        lost, unknown, unsent = (self.counters.get(name, 0) for name in ("lost", "unknown_fields", "unsent"))
        odd = ODD if health.dropped or lost else ""
        drops = f"  dropped {health.dropped}   lost {lost}   unknown fields {unknown}   not sent {unsent}"
        traffic = [
            _title("Traffic"), plain(f"  {rate:.1f} messages/s, {_amount(bytes_)}/s over the last 10 s"),
            plain(f"  {health.messages} messages, {_amount(health.bytes)} since this dashboard came"), plain((drops, odd)),
        ]  # fmt: skip
        kinds = ", ".join(f"{k} {n}" for k, n in sorted(health.kinds.items(), key=lambda pair: -pair[1]))
        there = [_title("Broker"), plain(f"  {self.broker}   site {view.site}")] if self.broker else []
        there += [plain(f"  approvals are signed with --key {self.key}")] if self.key else []
        processes = [*there, *_processes("Coordinators", view.coordinators, picture), *_processes("Agents", view.agents, picture)]
        experts = len([e for e in view.experts.values() if e.status == "online"])
        up = [plain(f"  {experts} of {len(view.experts)} experts' processes online (7: Experts)")] if view.experts else []
        return [*traffic, hang(plain("  "), kinds, self.room, "dim"), *_work(view), *_delays(view.timing), *_use(view), *processes, *up]


def _processes(title: str, known: Mapping[str, Presence], picture: Picture) -> list[Text]:
    lines = [_title(title)]
    for ident, presence in sorted(known.items()):
        link = presence.link(picture.now)
        tokens = f"   {presence.use.tokens} tokens" if presence.use is not None else ""
        epoch = f"   epoch {picture.view.epochs[ident]}" if ident in picture.view.epochs else ""
        hosts = f"   {', '.join(presence.devices[:12])}" if presence.devices else ""
        lines.append(plain(f"  {ident:<24} ", (LINKS[link], "" if link == "online" else BAD), f"{epoch}{tokens}{hosts}"))
    return lines if known else [*lines, plain("  none has shown itself")]


def _work(view: ViewState) -> list[Text]:
    """What is in hand, and how what was given has ended."""
    tasks = [t for d in view.fleet.values() for t in d.tasks]
    running = sum(t.state == "running" for t in tasks)
    ends = ", ".join(f"{end.replace('_', ' ')} {n}" for end, n in sorted(view.timing.ends.items())) or "none yet"
    troubled = sum(bool(d.problem or d.stop_problem) for d in view.fleet.values())
    return [
        _title("Work"), plain(f"  {running} running, {len(tasks) - running} waiting at devices; ended: {ends}"),
        plain((f"  {troubled} of {len(view.fleet)} devices report a problem", BAD if troubled else "")),
    ]  # fmt: skip


def _delays(timing: Timing) -> list[Text]:
    told = (("from sender to here", timing.way), ("sentence to outcome", timing.rounds))
    return [_title("Delays"), *(plain(f"  {what}: {_spread(samples)}") for what, samples in told)]


def _spread(samples: Sequence[float]) -> str:
    shares = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    return "  ".join(f"{name} {span(percentile(samples, share))}" for name, share in shares) if samples else "none yet"


def _use(view: ViewState) -> list[Text]:
    """Of all processes that tell it, since each began."""
    present = [*view.coordinators.values(), *view.agents.values()]
    told = [p.use for p in present if p.use is not None]
    by = f"as {len(told)} of {len(present)} processes tell"
    left = sum(u.left for u in told)
    return [
        _title("Models and borders"), plain(f"  language models: {_speed(told)}"),
        plain("  left the site: ", (_amount(left) if told else "not told", ODD if left else ""), (f"   ({by}, of what they sent themselves)", "dim")),
    ]  # fmt: skip


def _speed(told: Sequence[Use]) -> str:
    tokens, busy = sum(u.tokens for u in told), sum(u.busy for u in told)
    if not told:
        return "not told"
    return f"{tokens} tokens" + (f", {tokens / busy:.0f} tokens/s while they compute" if busy else "")


def _amount(count: float) -> str:
    return f"{count:.0f} B" if count < 10_000 else f"{count / 1000:.0f} kB" if count < 10_000_000 else f"{count / 1e6:.0f} MB"


def _title(text: str) -> Text:
    return plain((f"{text}", "bold underline"))
