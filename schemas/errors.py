"""Errors named by who can act. Expected failures travel as outcomes instead (schemas.outcomes)."""

from __future__ import annotations


class ParleyError(Exception):
    """Base of all errors that Parley raises on purpose; the text is one line for a person."""


class ConfigError(ParleyError):
    """The person who wrote a file, option or site can mend it. Says which file and key."""


class ContractError(ParleyError):
    """A message or reply does not fit its schema: ours or theirs is wrong."""


class LinkError(ParleyError):
    """The broker cannot be reached or the link was lost; trying again may help."""


class ModelError(ParleyError):
    """A model gave up, overran its budget or answered outside its grammar."""


class DeviceError(ParleyError):
    """A device refused or failed. `uncertain`: the request may have taken effect all the same (a time-out, a lost reply)."""

    def __init__(self, text: str, *, uncertain: bool = False) -> None:
        super().__init__(text)
        self.uncertain = uncertain


class IllegalTransition(ParleyError):
    """An event that the state machine has no transition for: a defect of ours."""
