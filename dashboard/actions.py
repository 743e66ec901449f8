"""What the keys do. Stopping is one key and at once; letting go again, and what cannot be undone, takes a dialog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from textual.app import App
from textual.binding import Binding, BindingType
from textual.widgets import Input, TabbedContent

from dashboard.clean import line
from dashboard.source import Source
from dashboard.steering import Severity, Steering
from dashboard.view import Question, Thread
from dashboard.widgets.dialogs import Choice, Confirm
from dashboard.widgets.fleet import Fleet
from dashboard.widgets.instruction_box import InstructionBox
from runtime.recorder import default_path
from schemas.errors import ConfigError

VIEWS = {
    "fleet": "1 Fleet", "conversation": "2 Conversation", "plan": "3 Plan", "device": "4 Device", "health": "5 Health", "map": "6 Map",
    "experts": "7 Experts",
}  # fmt: skip
KEYS: list[BindingType] = [
    Binding("s", "stop", "Stop"),
    Binding("S", "stop_all", "STOP ALL", key_display="S"),
    Binding("f9", "stop", "Stop the chosen device, also while typing", show=False, priority=True),
    Binding("f10", "stop_all", "Stop all, also while typing", show=False, priority=True),
    Binding("r", "resume", "Resume"),
    Binding("R", "resume_all", "Resume all", show=False),
    Binding("i", "tell", "Tell", priority=True),
    Binding("a", "answer", "Answer"),
    Binding("f4", "answer", "Answer, also while typing", show=False, priority=True),
    Binding("c", "cancel", "Cancel"),
    Binding("slash", "filter", "Filter the fleet", show=False, key_display="/", priority=True),
    Binding("o", "order", "Sort the fleet", show=False),
    Binding("g", "group", "Group the fleet", show=False),
    Binding("left_square_bracket,comma", "older", "Older instruction", show=False, key_display="["),
    Binding("right_square_bracket,full_stop", "newer", "Newer instruction", show=False, key_display="]"),
    Binding("n", "next_device(1)", "Next device", show=False),
    Binding("p", "next_device(-1)", "Previous device", show=False),
    *(Binding(str(n), f"view('{v}')", f"View: {v}", show=False) for n, v in enumerate(VIEWS, 1)),
    Binding("t", "light", "Light or dark", show=False),
    Binding("escape", "leave", "Back", show=False),
    Binding("q", "quit", "Quit"),
    Binding("ctrl+r", "record", "Record", key_display="^r"),
]
TYPING = {"tell", "filter"}
"""They begin a text, at once: what is typed fast after them is text already, and stops nothing."""
STEERING = {"stop", "stop_all", "resume", "resume_all", "tell", "answer", "cancel"}


class Actions(App[None]):
    """The half of the app that acts."""

    def __init__(self, source: Source, read_only: bool) -> None:
        super().__init__()
        self.feed, self.read_only = source, read_only or source.operator is None
        self.device = ""
        self.thread: str | None = None
        """None: the newest instruction is followed."""
        self._steering = Steering(source.operator, self.notice) if source.operator is not None and not read_only else None

    @property
    def steering(self) -> Steering:
        assert self._steering is not None  # what would steer is out of reach where nothing can be steered
        return self._steering

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.allowed(action) and not (action in TYPING and self._types())

    def allowed(self, action: str) -> bool:
        """At some time; a command of the palette may be chosen while it is open."""
        if action == "record":  # into a file of this machine: not for whoever looks on from a browser
            return self.feed.recorder is not None and not self.is_web
        return not (self.read_only and action in STEERING)

    def _types(self) -> bool:
        """Whether keys are letters just now, on this screen or a dialog."""
        return bool(self.screen_stack) and (isinstance(self.focused, Input) or len(self.screen_stack) > 1)

    def draw(self, *, anew: bool = False) -> bool:
        raise NotImplementedError

    def shown_thread(self) -> str:
        raise NotImplementedError

    def threads(self) -> list[Thread]:
        raise NotImplementedError

    def known_devices(self) -> Iterable[str]:
        raise NotImplementedError

    def open_questions(self) -> list[tuple[Thread, Question]]:
        raise NotImplementedError

    def notice(self, text: str, severity: Severity = "information") -> None:
        self.notify(line(text), severity=severity, markup=False, timeout=15 if severity == "error" else 5)

    async def run_command(self, action: str) -> None:
        await self.run_action(action)

    # Stopping

    def action_stop(self) -> None:
        if self.device:
            self._halt((self.device,), True)
        else:
            self.notice("No device is known that could be stopped.", "warning")

    def action_stop_all(self) -> None:
        self._halt((), True)

    def action_resume(self) -> None:
        if self.device:
            self._ask_to_resume((self.device,), f"{self.device} will take orders and move again.")

    def action_resume_all(self) -> None:
        self._ask_to_resume((), "Every device will take orders and move again.")

    def _ask_to_resume(self, devices: Sequence[str], text: str) -> None:
        def chosen(choice: Choice | None) -> None:
            if choice == "yes":
                self._halt(devices, False)

        self._confirm(Confirm("Resume?", text, yes="Resume"), chosen)

    def _halt(self, devices: Sequence[str], latched: bool) -> None:
        whom = ", ".join(devices) or "every device"
        self.notice(f"{'Stopping' if latched else 'Resuming'} {whom} …")
        self._do(self.steering.halt(devices, latched), "halt")

    # Telling and answering

    def action_tell(self) -> None:
        self.screen.set_focus(self._box)

    def action_answer(self) -> None:
        asked = self.open_questions()
        if not asked:
            self.notice("Nothing is asked.")
            return
        thread, question = asked[0]
        if question.approval:
            self._approve(thread, question)
        else:
            self._box.answer(question.ident)

    def _approve(self, thread: Thread, question: Question) -> None:
        def chosen(choice: Choice | None) -> None:
            if choice not in ("yes", "no"):
                return
            if question.ident not in {q.ident for _, q in self.open_questions()}:
                self.notice("This is no longer asked.", "warning")
                return
            self._do(self.steering.reply(thread.ident, question, choice or "no"), "decide")

        self._confirm(Confirm("This cannot be undone:", question.text, yes="Yes, do it", no="No, leave it", later="Later"), chosen)

    def on_instruction_box_given(self, event: InstructionBox.Given) -> None:
        self._do(self._given(event), "tell")

    async def _given(self, event: InstructionBox.Given) -> None:
        if not event.question:
            sent = await self.steering.instruct(event.text, dry_run=event.dry_run)
            if sent is None:
                return
            self.thread = sent
        else:
            thread, question = next(((t, q) for t, q in self.open_questions() if q.ident == event.question), (None, None))
            if thread is None or question is None:
                self.notice("This is no longer asked; what you typed was not sent.", "warning")
                return
            if not await self.steering.reply(thread.ident, question, event.text):
                return
        self._box.said(event.text)
        if self._views.active not in ("conversation", "plan"):
            self._views.active = "plan" if event.dry_run else "conversation"

    def on_instruction_box_left(self) -> None:
        self.action_leave()

    def action_cancel(self) -> None:
        ident = self.shown_thread()
        thread = next((t for t in self.threads() if t.ident == ident), None)
        if thread is None or not thread.open:
            self.notice("The chosen instruction is not open: there is nothing to cancel.")
            return
        self._do(self.steering.cancel(ident, thread.text), "cancel")

    # Recording

    def action_record(self) -> None:
        """Begin, and the next time end, to write what comes into a file."""
        recorder = self.feed.recorder
        if recorder is None:
            return
        if recorder.recording:
            recorder.stop()
            self.notice(f"Recorded {recorder.messages} messages in {recorder.path}")
        else:
            try:
                recorder.start(default_path(self.feed.now()))
            except ConfigError as error:
                self.notice(f"Not recording: {error}", "error")
                return
            self.notice(f"Recording in {recorder.path.absolute()}")
        self.draw(anew=True)

    # Looking

    def action_view(self, name: str) -> None:
        self._views.active = name

    def action_next_device(self, by: int) -> None:
        known = sorted(self.known_devices())
        if known:
            at = known.index(self.device) if self.device in known else -by
            self.device = known[(at + by) % len(known)]

    def action_filter(self) -> None:
        self._views.active = "fleet"
        self.query_one(Fleet).ask_filter()

    def action_order(self) -> None:
        self.query_one(Fleet).next_order()

    def action_group(self) -> None:
        self.query_one(Fleet).next_group()

    def action_older(self) -> None:
        self._step(-1)

    def action_newer(self) -> None:
        self._step(1)

    def action_light(self) -> None:
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_leave(self) -> None:
        """Out of a box."""
        if self.query_one("#filter").has_focus:
            self.query_one(Fleet).end_filter()
        self.set_focus(None)
        self.action_look()

    def action_look(self) -> None:
        """The arrows move what is in sight, unless somebody is typing."""
        if len(self.screen_stack) == 1 and not isinstance(self.focused, Input):
            parts = {"fleet": "#devices", "conversation": "#threads"}
            self.query_one(parts.get(self._views.active, f"#{self._views.active}-view")).focus()

    def _step(self, by: int) -> None:
        idents = [t.ident for t in self.threads()]
        if idents:
            at = idents.index(self.shown_thread()) + by
            self.thread = idents[max(0, at)] if at < len(idents) - 1 else None

    # The parts

    @property
    def _box(self) -> InstructionBox:
        return self.query_one(InstructionBox)

    @property
    def _views(self) -> TabbedContent:
        return self.query_one("#views", TabbedContent)

    def _confirm(self, dialog: Confirm, chosen: Any) -> None:
        self.push_screen(dialog, chosen)

    def _do(self, work: Any, name: str) -> None:
        """A task of the app's own; it ends with it."""
        self.run_worker(work, name=name, exit_on_error=True)
