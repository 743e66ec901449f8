"""Every effect that was asked of a robot and begun: the judge of "nothing twice".

The devices do not look at the key; whoever repeats an order does it twice, and it shows here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pydantic import JsonValue


@dataclass(frozen=True)
class Effect:
    """`key` names the order as its sender did (subtask id and step); `time` in simulated s."""

    robot: str
    function: str
    arguments: dict[str, JsonValue]
    key: str | None
    time: float


@dataclass
class EffectLog:
    effects: list[Effect] = field(default_factory=list[Effect])

    def add(self, effect: Effect) -> None:
        self.effects.append(effect)

    def of(self, robot: str) -> list[Effect]:
        return [e for e in self.effects if e.robot == robot]

    def repeated(self) -> list[tuple[str, str]]:
        """(robot, key) of every order whose effect began more than once."""
        counts = Counter((e.robot, e.key) for e in self.effects if e.key is not None)
        return sorted((robot, key) for (robot, key), n in counts.items() if n > 1)


_SECRETS = ("password", "passphrase", "psk")


def without_secrets(arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: "***" if any(s in name.lower() for s in _SECRETS) else value for name, value in arguments.items()}
