"""Everything that is known about the chosen device: how it is, where its work stands, how it understood its sentence, what it proved, what was."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from dashboard.clean import plain
from dashboard.life import RUNS, Call
from dashboard.picture import BAD, LINKS, ODD, WORK, WORK_STYLE, Picture, battery, clock, hang, posture
from dashboard.view import DeviceView, Ended
from dashboard.widgets.sheet import Sheet

SPOKEN = {"start": "start", "preprocessing": "before", "call_pending": "call", "postprocessing": "after", "end": "end"}
"""The five states in a word each."""


class DeviceSheet(Sheet):
    def show(self, picture: Picture) -> None:
        """Another device's page begins at its top."""
        if self._picture is not None and self._picture.device != picture.device:
            self.scroll_home(animate=False, immediate=True)
        super().show(picture)

    def page(self, picture: Picture) -> Sequence[Text]:
        device = picture.view.fleet.get(picture.device)
        if device is None:
            return [plain("No device is chosen. Choose one in the Fleet view (1) or on the map (6).")]
        link = picture.links.get(device.device, "unknown")
        word, style = posture(device)
        called = f"  {device.name}" if device.name and device.name != device.device else ""
        kind = f"  {device.kind} by {device.maker}" if device.kind else ""
        head = plain((device.device, "bold"), f"{called}{kind}", ("   n, p: next, previous device", "dim"))
        place = f"   battery {battery(device).strip()}   at {device.at or '-'}{_position(device)}"
        heard = f"   last heard {clock(device.heard)}" if device.heard else "   no state has come yet"
        now = plain((LINKS[link], "" if link == "online" else BAD), "   ", (word.strip(), style), place, (heard, "dim"))
        parts = (
            _troubles(device),
            _work(device),
            _past("Ended last", device, device.ended[:1], self.room),
            _understood(device, self.room),
            _past("Ended before", device, device.ended[1:], self.room) if device.ended[1:] else [],
            _facts(device, self.room),
        )
        return [head, now, *(line for part in parts for line in part)]


def _position(device: DeviceView) -> str:
    at = device.life.position
    return f" ({at[0]:.1f}, {at[1]:.1f} m)" if at is not None else ""


def _troubles(device: DeviceView) -> list[Text]:
    told = (("problem", device.problem), ("stop not obeyed", device.stop_problem))
    return [plain((f"! {what}: {text}", BAD)) for what, text in told if text]


def _work(device: DeviceView) -> list[Text]:
    tasks = [plain(f"  {WORK[t.state]:<12} {t.text or '(given before this dashboard came)'}") for t in device.tasks]
    return [_title("In hand"), *(tasks or [plain("  nothing")]), *([_steps(device.life.run)] if device.life.run else [])]


def _steps(run: str) -> Text:
    """The five states, the one that it is in marked."""
    at = RUNS.index(run)
    steps = [(f"▶ {SPOKEN[r]}", "bold reverse") if r == run else (f"{'✓' if n < at else '·'} {SPOKEN[r]}", "dim") for n, r in enumerate(RUNS)]
    parts: list[str | tuple[str, str]] = ["  "]
    for n, step in enumerate(steps):
        parts += [" ─ ", step] if n else [step]
    return plain(*parts)


def _understood(device: DeviceView, room: int) -> list[Text]:
    """As far as the privacy level lets it be seen."""
    call = device.life.call
    if call is None:
        return [_title("How it understood"), plain("  not told: its privacy level is closed, or nothing was mapped since this dashboard came")]
    what = f"{call.function}({call.arguments})" if call.function else "none of its functions"
    return [
        _title("How it understood"), hang(plain("  sentence    "), call.sentence, room), hang(plain("  call        "), what, room, "bold"),
        plain("  confidence  ", (f"{call.confidence:.0%}", "" if call.confidence >= 0.5 else ODD)), *_candidates(call, room), *_program(call, room),
    ]  # fmt: skip


def _candidates(call: Call, room: int) -> list[Text]:
    told = ", ".join(f"{c.name} {c.score:.2f}{f' (read {c.match:.0%})' if c.match is not None else ''}" for c in call.candidates)
    return [hang(plain("  candidates  "), told, room, "dim")] if told else []


def _program(call: Call, room: int) -> list[Text]:
    heads = ("program", *("" for _ in call.program[1:]))
    return [Text.assemble(f"  {head:<12}", (text[: room - 14], "dim")) for head, text in zip(heads, call.program, strict=False)]


def _past(title: str, device: DeviceView, ended: Sequence[Ended], room: int) -> list[Text]:
    took = dict(device.life.took)
    lines = [line for e in ended for line in _ended(e, took.get(e.subtask), room)]
    return [_title(title), *(lines or [plain("  nothing since this dashboard came")])]


def _ended(ended: Ended, took: float | None, room: int) -> list[Text]:
    lasted = (f"  in {took:.1f} s", "dim") if took is not None else ""
    first = plain(f"  {clock(ended.at)}  ", (f"{WORK[ended.state]:<13}", WORK_STYLE.get(ended.state, "")), f" {ended.task}", lasted)
    indent = plain(" " * 12)
    return [first, hang(indent, ended.text, room), *(hang(indent, f"proof: {p}", room, "dim") for p in ended.proof)]


def _facts(device: DeviceView, room: int) -> list[Text]:
    lines = [_title("State"), hang(plain("  "), ", ".join(f"{k} = {v}" for k, v in device.attributes) or "nothing told", room)]
    for title, texts in (("Can", device.abilities), ("Can tell", device.properties), ("Also called", device.aliases)):
        if texts:
            lines += [_title(title), hang(plain("  "), "; ".join(texts), room)]
    return lines


def _title(text: str) -> Text:
    return plain((f"\n{text}", "bold underline"))
