"""The readable program for the audit: what the five-state machine is about to do, as text. It is never executed; the validated calls are."""

from __future__ import annotations

import json
from collections.abc import Sequence

from schemas.skills import Call, Catalogue


def program(catalogue: Catalogue, calls: Sequence[Call]) -> str:
    """One line per action, under the state in which it happens. Arguments named password are hidden."""
    *before, main = calls
    lines = ["start", "preprocessing:"]
    lines += [f"    {catalogue.initialise}()"] if catalogue.initialise else []
    lines += [f"    {_line(c)}" for c in before] or (["    pass"] if not catalogue.initialise else [])
    lines += ["call_pending:", f"    result = {_line(main)}", "postprocessing:", "    verify(read_state())"]
    lines += [f"    {catalogue.release}()"] if catalogue.release else []
    return "\n".join([*lines, "end"])


def _line(call: Call) -> str:
    shown = (f"{k}={'***' if 'password' in k.lower() else json.dumps(v, ensure_ascii=False)}" for k, v in call.arguments.items())
    return f"{call.function}({', '.join(shown)})"
