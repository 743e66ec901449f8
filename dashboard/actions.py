"""What the keys do. Stopping is one key and at once; letting go again, and what cannot be undone, takes a dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import Input, TabbedContent

from dashboard.clean import line
from dashboard.source import Source
from dashboard.steering import Severity, Steering
from dashboard.view import Question, Thread
from dashboard.widgets.dialogs import Choice, Confirm
from dashboard.widgets.fleet import Fleet
from dashboard.widgets.help import Help
from dashboard.widgets.instruction_box import InstructionBox
from dashboard.widgets.recordings import Recordings, recordings
from runtime.operator import NO_KEY
from runtime.recorder import default_path
from schemas.errors import ConfigError

VIEWS = {
    "fleet": "1 Fleet", "conversation": "2 Conversation", "plan": "3 Plan", "device": "4 Device", "health": "5 Health", "map": "6 Map",
    "experts": "7 Experts",
}  # fmt: skip
KEYS: list[BindingType] = [
    Binding("s", "stop", "Stop"),
    Binding("S", "stop_all", "STOP ALL", key_display="S"),
    Binding("f9", "stop", "Stop", priority=True),
    Binding("f10", "stop_all", "STOP ALL", priority=True),
    Binding("r", "resume", "Resume"),
    Binding("R", "resume_all", "Resume all", key_display="R"),
    Binding("i", "tell", "Tell", priority=True),
    Binding("a", "answer", "Answer"),
    Binding("f4", "answer", "Answer", priority=True),
    Binding("c", "cancel", "Cancel"),
    Binding("question_mark", "help", "Keys", key_display="?"),
    Binding("f1", "help", "Keys", priority=True),
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
    Binding("ctrl+o", "recordings", "Recordings", key_display="^o", priority=True),
]
TYPING = {"tell", "filter"}
"""They begin a text, at once: what is typed fast after them is text already, and stops nothing."""
HINT = 5.0
"""Seconds between one hint and the next."""
STEERING = {"stop", "stop_all", "resume", "resume_all", "tell", "answer", "cancel"}


def _same(asked: Question, read: Question) -> bool:
    """What a stranger's yes makes the device ask again is the question that was read: the same words, with the same nonce."""
    return asked.ident == read.ident or (read.to_sign is not None and asked.to_sign == read.to_sign)


class Actions(App[None]):
    """The half of the app that acts."""

    def __init__(self, source: Source, read_only: bool, behind: bool) -> None:
        super().__init__()
        self.feed, self.read_only = source, read_only or source.operator is None
        self.device = ""
        self.thread: str | None = None
        """None: the newest instruction is followed."""
        if behind:
            self._bindings.key_to_bindings["q"] = [Binding("q", "quit", "Back")]
        self.wanted: Path | None = None
        """A recording that is to be shown instead, once this has ended."""
        self._words: dict[str, str] = {}
        self._hinted = -HINT
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
        if action == "recordings":
            return not self.is_web
        return not (self.read_only and action in STEERING)

    def _types(self) -> bool:
        """Whether keys are letters just now, on this screen or a dialog."""
        return bool(self.screen_stack) and (isinstance(self.focused, Input) or len(self.screen_stack) > 1)

    def label(self, words: Mapping[str, str]) -> None:
        """What the line of keys says of these actions just now; one without a word is not in the line, and its key does what it does."""
        if words == self._words:
            return
        self._words = dict(words)
        keys = self._bindings.key_to_bindings
        for key, bindings in keys.items():
            keys[key] = [
                replace(b, description=words[b.action] or b.description, show=bool(words[b.action])) if b.action in words else b for b in bindings
            ]
        self.refresh_bindings()

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

    def on_key(self, event: Key) -> None:
        """A letter that does nothing may be the first of an instruction."""
        now = self.feed.clock.monotonic()
        if event.is_printable and not self._types() and event.key not in self.screen.active_bindings and now >= self._hinted + HINT:
            self._hinted = now
            over = self.feed.replay is not None
            told = "This is a recording: nothing is steered" if over else "Only to watch" if self.read_only else "Press i to type an instruction"
            self.notice(f"{told}. ? shows every key.")

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
        back = f" ({'r' if devices else 'R'}: let go on)" if latched else ""
        self.notice(f"{'Stopping' if latched else 'Resuming'} {whom} …{back}")
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
            self._box.answer(question.ident, question.options)

    def _approve(self, thread: Thread, question: Question) -> None:
        def chosen(choice: Choice | None) -> None:
            if choice not in ("yes", "no"):
                return
            if not any(_same(q, question) for _, q in self.open_questions()):
                self.notice("This is no longer asked.", "warning")
                return
            self._do(self.steering.reply(thread.ident, question, choice or "no"), "decide")

        yes, note = "Yes, do it", "Your yes is signed with your key." if question.to_sign else ""
        if self.steering.lacks_key(question):
            yes, note = None, NO_KEY
        self._confirm(Confirm("This cannot be undone:", question.text, yes=yes, no="No, leave it", later="Later", note=note), chosen)

    def on_instruction_box_given(self, event: InstructionBox.Given) -> None:
        self._do(self._given(event), "tell")

    async def _given(self, event: InstructionBox.Given) -> None:
        if not event.question and self._answers(event.text):
            return
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
        self._box.said(event.text, keep=event.dry_run)
        if event.dry_run:
            self.notice("Only planned. Enter in the line below sends it, Esc leaves it there.")
        if self._views.active not in ("conversation", "plan"):
            self._views.active = "plan" if event.dry_run else "conversation"

    def _answers(self, text: str) -> bool:
        """Whether this is one of the words that the question in sight offers: it is meant for that, and is no instruction. Sent it is not at once."""
        asked = self.open_questions()[:1]
        if not asked or text.strip(" .!").lower() not in (o.lower() for o in asked[0][1].options):
            return False
        question = asked[0][1]
        self._box.value = ""
        if question.approval:
            self.notice("What cannot be undone is decided here.")
            self.action_answer()
        else:
            self._box.answer(question.ident, question.options)
            self._box.value = text
            self.notice(f"Enter once more answers: {question.text}")
        return True

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
            self.notice(f"Recorded {recorder.messages} messages in {recorder.path}. Ctrl-O opens it.")
        else:
            try:
                recorder.start(default_path(self.feed.now()))
            except ConfigError as error:
                self.notice(f"Not recording: {error}", "error")
                return
            self.notice(f"Recording in {recorder.path.absolute()} until Ctrl-R")
        self.draw(anew=True)

    async def action_recordings(self) -> None:
        """Those of the current folder; the chosen one is shown when this app has ended."""

        def chosen(path: Path | None) -> None:
            if path is not None:
                self.wanted = path
                self.exit()

        if len(self.screen_stack) == 1:
            recorder = self.feed.recorder
            writing = recorder.path if recorder is not None and recorder.recording else None
            found = await asyncio.to_thread(recordings, Path.cwd(), writing)
            self.push_screen(Recordings(Path.cwd(), self.feed.clock.now(), found), chosen)

    # Looking

    def action_help(self) -> None:
        if len(self.screen_stack) == 1:
            self.push_screen(Help(steers=not self.read_only, winds=self.feed.replay is not None, files=self.allowed("recordings")))

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
        """Out of a box; and what was told in passing goes away."""
        self.clear_notifications()
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
