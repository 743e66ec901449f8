"""Which expert processes there are, as they say it on the bus. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.messages import ExpertConnection


@dataclass(frozen=True)
class Roster:
    """Expert processes by their id on the bus, as they last said."""

    processes: Mapping[str, ExpertConnection] = field(default_factory=dict[str, ExpertConnection])

    def on_connection(self, ident: str, body: ExpertConnection) -> Roster:
        """A goodbye or a will of another boot than the latest is ignored."""
        known = self.processes.get(ident)
        if body.status != "online" and (known is None or known.boot != body.boot):
            return self
        return Roster({**self.processes, ident: body})

    def reachable(self) -> dict[str, ExpertConnection]:
        """Those that are up and say where."""
        return {ident: body for ident, body in sorted(self.processes.items()) if body.status == "online" and body.endpoint}
