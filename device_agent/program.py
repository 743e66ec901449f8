"""The readable program for the audit: what the five-state machine is about to do, as text. It is never executed; the validated calls are."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from schemas.skills import Call, Catalogue, Function, parameters_of


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
    return f"{call.function}({', '.join(f'{name}={value}' for name, value in _shown(call))})"


def call_words(function: Function, call: Call) -> str:
    """A call for people: what its maker says that it does, and with what ("Set the driving speed (speed 0.5 m/s)")."""
    does = re.split(r"(?<=\w)[.;](?:\s|$)", function.description.strip(), maxsplit=1)[0] or spaced(function.name)
    units = {p.name: p.unit for p in parameters_of(function)}
    told = [" ".join(filter(None, (spaced(name), value, units.get(name)))) for name, value in _shown(call)]
    return f"{does} ({', '.join(told)})" if told else does


def _shown(call: Call) -> list[tuple[str, str]]:
    return [(k, "***" if "password" in k.lower() else json.dumps(v, ensure_ascii=False)) for k, v in call.arguments.items()]


def spaced(name: str) -> str:
    """`targetTemp_c` → "target temp c"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_.]+", " ", name).lower()
