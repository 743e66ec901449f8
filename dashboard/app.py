"""The dashboard: drawn so often a second whatever comes in, from the bus or from a recording. What its keys do is in `dashboard.actions`."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.screen import Screen
from textual.widgets import TabbedContent, TabPane

from dashboard.actions import KEYS, TYPING, VIEWS
from dashboard.picture import Picture
from dashboard.source import Source
from dashboard.terminal import patient
from dashboard.view import Question, Thread
from dashboard.widgets.conversation import Conversation
from dashboard.widgets.device import DeviceSheet
from dashboard.widgets.experts import ExpertSheet
from dashboard.widgets.fleet import Fleet
from dashboard.widgets.health import HealthSheet
from dashboard.widgets.instruction_box import InstructionBox
from dashboard.widgets.key_line import KeyLine
from dashboard.widgets.map import MapSheet
from dashboard.widgets.plan import PlanSheet
from dashboard.widgets.question_bar import QuestionBar
from dashboard.widgets.sheet import Sheet
from dashboard.widgets.status_bar import StatusBar
from dashboard.widgets.timeline import Timeline
from dashboard.winding import WINDING_KEYS, Winding

FRAME, LONGEST = 1 / 12, 1.0
"""Seconds between one drawing and the next, at least; and at least as long as the last one took, which is heard of within the second number."""
LONG_NAME = 14
"""Characters of a device's name in the line of keys."""
SHEETS = {
    "fleet": Fleet, "conversation": Conversation, "plan": PlanSheet, "device": DeviceSheet, "health": HealthSheet, "map": MapSheet,
    "experts": ExpertSheet,
}  # fmt: skip


class Dashboard(Winding):
    """`opening`: an instruction that is given as soon as it is there. `behind`: another one waits to be come back to. `broker`: its address.
    `key`: the file of the key with which others may approve, too.

    `notice`: what a person shall be told first.
    """

    TITLE = "Parley"
    BINDINGS = [*KEYS, *WINDING_KEYS]
    CSS = """
    StatusBar, Timeline { height: 1; background: $panel; }
    QuestionBar { height: auto; max-height: 3; background: $panel; border-left: thick $warning; padding-left: 1; }
    TabbedContent { height: 1fr; }
    TabPane { padding: 0; }
    #devices { height: 1fr; }
    #fleet-note { height: auto; color: $text-muted; }
    #threads { height: auto; max-height: 30%; border-bottom: solid $panel; }
    #lines { height: 1fr; }
    Sheet { height: 1fr; }
    InstructionBox { margin: 0; border-left: thick $accent; }
    """

    def __init__(
        self,
        source: Source,
        *,
        read_only: bool = False,
        opening: str = "",
        behind: bool = False,
        broker: str = "",
        key: str = "",
        notice: str = "",
    ) -> None:
        super().__init__(source, read_only, behind)
        self.animation_level = "none"
        self.drawn = 0
        """How often it was drawn."""
        self._opening, self._broker, self._key, self._notice = opening, broker, key, notice
        self._last: tuple[object, ...] = ()
        self._rest = 0.0
        """Until then nothing is drawn, s of the monotonic clock."""

    def get_driver_class(self) -> type[Driver]:
        return patient(super().get_driver_class())

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        with TabbedContent(id="views", initial="fleet"):
            for ident, title in VIEWS.items():
                with TabPane(title, id=ident):
                    yield from self._view(ident)
        yield QuestionBar(id="question")
        if not self.read_only:
            yield InstructionBox(id="box")
        if self.feed.replay is not None:
            yield Timeline(self.feed.replay, id="timeline")
        yield KeyLine(compact=True, show_command_palette=False)

    def _view(self, ident: str) -> ComposeResult:
        yield SHEETS[ident](id=f"{ident}-view")

    def on_mount(self) -> None:
        self.query_one(QuestionBar).display = False
        self.query_one("#devices").focus()
        self.query_one("#views ContentTabs").can_focus = False
        health = self.query_one(HealthSheet)
        health.counters, health.broker, health.key, self.query_one(ExpertSheet).broker = self.feed.counters, self._broker, self._key, self._broker
        if self._notice:
            self.notice(self._notice, "error")
        self.set_interval(FRAME, self._draw_in_turn, name="draw")
        if self._opening:
            self.on_instruction_box_given(InstructionBox.Given(self._opening))

    # Drawing

    def _draw_in_turn(self) -> None:
        began = self.feed.clock.monotonic()
        if began >= self._rest and self.draw():
            self._rest = began + LONGEST
            self.call_after_refresh(self._drawn_since, began)

    def _drawn_since(self, began: float) -> None:
        now = self.feed.clock.monotonic()
        self._rest = now + (now - began)

    def draw(self, *, anew: bool = False) -> bool:
        """What has changed since the last time, or a second later: leases lapse by themselves. Whether anything had."""
        try:
            return self._draw_changes(anew)
        except NoMatches:
            return False  # it is being put together, or taken apart

    def _draw_changes(self, anew: bool) -> bool:
        now = self.feed.now()
        seen = (self.feed.view, self.feed.connected, self.feed.note, int(now), self.device, self.thread, self.active, self.base.size, self.focused)
        if seen == self._last and not anew:
            return False
        self._last = seen
        self.drawn += 1
        self._draw(self.picture(now))
        return True

    def picture(self, now: float) -> Picture:
        view = self.feed.view
        if self.device not in view.fleet:
            self.device = min(view.fleet, default="")
        return Picture(view, now, self.feed.connected, self.device, self.shown_thread(), view.links(now))

    def _draw(self, picture: Picture) -> None:
        base = self.base
        base.query_one(StatusBar).show(picture, self.feed.note, live=self.feed.replay is None, read_only=self.read_only)
        for timeline in base.query(Timeline):
            timeline.show()
        shown = base.query_one(f"#{self.active}-view")
        if isinstance(shown, Fleet | Conversation | Sheet):
            shown.show(picture)
        asked = self.open_questions()
        key = "" if self.read_only else "F4" if isinstance(self.focused, InstructionBox) else "a"
        base.query_one(QuestionBar).show(asked[0][1] if asked else None, len(asked) - 1, key)
        self.label(self._words_for(picture, bool(asked)))
        if not self.read_only:
            base.query_one(InstructionBox).completer.view = picture.view

    def _words_for(self, picture: Picture, asked: bool) -> dict[str, str]:
        """Of the keys that say whom they are for, or that are of use only now and then."""
        device, thread = picture.view.fleet.get(picture.device), picture.chosen
        name = self.device if len(self.device) <= LONG_NAME else f"{self.device[: LONG_NAME - 1]}…"
        held = device is not None and (device.stopped or bool(device.stop_problem))
        recorder = self.feed.recorder
        return {
            "stop": f"Stop {name}".strip(), "resume": f"Resume {name}" if held else "", "answer": "Answer" if asked else "",
            "resume_all": "Resume all" if sum(d.stopped for d in picture.view.fleet.values()) > 1 else "",
            "cancel": "Cancel" if thread is not None and thread.open else "",
            "recordings": "Recordings" if self.feed.replay is None else "",
            "record": "End recording" if recorder is not None and recorder.recording else "Record",
        }  # fmt: skip

    # What is chosen

    @property
    def base(self) -> Screen[object]:
        """The screen under all dialogs. Raises NoMatches when it has gone already."""
        if not self.screen_stack:
            raise NoMatches("the app is ending")
        return self.screen_stack[0]

    @property
    def active(self) -> str:
        return self.base.query_one("#views", TabbedContent).active or "fleet"

    def shown_thread(self) -> str:
        """The chosen instruction, else the newest."""
        known = self.feed.view.threads
        if self.thread is not None and self.thread in known:
            return self.thread
        return next(reversed([t.ident for t in self.threads()]), "")

    def known_devices(self) -> Iterable[str]:
        return self.feed.view.fleet

    def threads(self) -> list[Thread]:
        return self.feed.view.instructions()

    def open_questions(self) -> list[tuple[Thread, Question]]:
        """Of the shown instruction first."""
        threads = sorted(self.threads(), key=lambda t: t.ident != self.shown_thread())
        return [(t, q) for t in threads for q in t.questions]

    def on_fleet_selected(self, event: Fleet.Selected) -> None:
        self.device = event.device

    def on_map_sheet_selected(self, event: MapSheet.Selected) -> None:
        self.device = event.device
        self.draw()

    def on_conversation_selected(self, event: Conversation.Selected) -> None:
        """The newest is not chosen but followed."""
        newest = next(reversed(self.threads()), None)
        self.thread = None if newest is not None and newest.ident == event.thread else event.thread

    def on_tabbed_content_tab_activated(self) -> None:
        self.draw(anew=True)
        self.action_look()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        named = {b.action: b for b in reversed(self.BINDINGS) if isinstance(b, Binding) and b.action not in ("leave", "quit")}
        for binding in named.values():
            if self.allowed(binding.action) if binding.action in TYPING else self.check_action(binding.action, ()):
                key = self.get_key_display(binding)
                yield SystemCommand(binding.description, f"key {key}", lambda action=binding.action: self.run_command(action))
