"""The line of keys at the foot of the screen."""

from __future__ import annotations

from textual.widgets import Footer


class KeyLine(Footer):
    """Its keys are made anew whenever what they say changes; those that are gone are let go of."""

    async def recompose(self) -> None:
        await super().recompose()
        self.mutate_reactive(Footer.compact)  # only so does Textual forget the keys of before, which follow this attribute
