"""Everything that is known about the chosen device."""

from __future__ import annotations

from rich.text import Text

from dashboard.clean import plain
from dashboard.picture import BAD, LINKS, WORK, WORK_STYLE, Picture, battery, clock, hang, posture
from dashboard.view import DeviceView, Ended
from dashboard.widgets.sheet import Sheet


class DeviceSheet(Sheet):
    def page(self, picture: Picture) -> Text:
        device = picture.view.fleet.get(picture.device)
        if device is None:
            return plain("No device is chosen. Choose one in the Fleet view (1).")
        link = picture.links.get(device.device, "unknown")
        word, style = posture(device)
        called = f"  {device.name}" if device.name and device.name != device.device else ""
        head = plain((device.device, "bold"), f"{called}  {device.kind} by {device.maker}" if device.kind else called)
        place = f"   battery {battery(device).strip()}   at {device.at or '-'}"
        now = plain((LINKS[link], "" if link == "online" else BAD), "   ", (word.strip(), style), place)
        heard = plain((f"last heard {clock(device.heard)}" if device.heard else "no state has come yet", "dim"))
        return Text("\n").join([head, now, heard, *_troubles(device), *_work(device, self.room), *_facts(device)])


def _troubles(device: DeviceView) -> list[Text]:
    told = (("problem", device.problem), ("stop not obeyed", device.stop_problem))
    return [plain((f"! {what}: {text}", BAD)) for what, text in told if text]


def _work(device: DeviceView, room: int) -> list[Text]:
    lines = [_title("In hand")]
    lines += [plain(f"  {WORK[t.state]:<12} {t.text or '(given before this dashboard came)'}") for t in device.tasks] or [plain("  nothing")]
    if device.trace:
        lines += [plain(f"  last call: {device.trace}")]
    lines += [_title("Ended lately"), *(line for e in device.ended for line in _ended(e, room))]
    return lines if device.ended else [*lines, plain("  nothing since this dashboard came")]


def _ended(ended: Ended, room: int) -> list[Text]:
    first = plain(f"  {clock(ended.at)}  ", (f"{WORK[ended.state]:<13}", WORK_STYLE.get(ended.state, "")), f" {ended.task}")
    indent = plain(" " * 12)
    return [first, hang(indent, ended.text, room), *(hang(indent, f"proof: {p}", room, "dim") for p in ended.proof)]


def _facts(device: DeviceView) -> list[Text]:
    lines = [_title("State"), *(plain(f"  {k} = {v}") for k, v in device.attributes)]
    for title, texts in (("Can", device.abilities), ("Can tell", device.properties), ("Also called", device.aliases)):
        if texts:
            lines += [_title(title), plain(f"  {'; '.join(texts)}")]
    return lines


def _title(text: str) -> Text:
    return plain((f"\n{text}", "bold underline"))
