"""What is drawn over the views, with their keys out of reach but for the two that stop."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import ModalScreen

T = TypeVar("T")


class Over(ModalScreen[T]):
    """Whatever stands in front, what moves can be stopped."""

    BINDINGS = [("s,f9", "app.stop", "Stop the chosen device"), ("S,f10", "app.stop_all", "Stop all")]
    DEFAULT_CSS = "Over { align: center middle; }"
