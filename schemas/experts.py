"""What an expert says, and what its card says of it. Windows of data travel by handle; only verdicts travel as text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Frozen

WindowKind = Literal["csi", "energy", "packets", "frame", "telemetry"]
Abstention = Literal["unsure", "outside", "unreadable"]
"""unsure: the likeliest label is not likely enough; outside: unlike anything it was trained on; unreadable: not a window of its kind."""


class Measured(Frozen):
    """A figure that was computed from the window, not learnt."""

    value: float
    unit: str | None = None


class Part(Frozen):
    """The verdict about one part of a window, such as one slot of a shelf. `label` None: not sure enough."""

    name: str
    label: str | None
    confidence: float = Field(ge=0.0, le=1.0)


class Verdict(Frozen):
    """`label` is None when the expert abstains; `likeliest` and `probabilities` say what it leaned to, for people."""

    expert: str
    version: str
    label: str | None
    likeliest: str | None = None
    probabilities: dict[str, float] = Field(default_factory=dict)
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    abstained: Abstention | None = None
    reason: str = ""
    """Why it abstains, as a sentence."""
    in_domain: bool = True
    evidence: dict[str, Measured] = Field(default_factory=dict)
    parts: tuple[Part, ...] = ()


class Consulted(Frozen):
    """One expert that was asked about one device. `finding` None: it cannot tell, or could not be asked; `problem` says why."""

    expert: str
    device: str
    finding: str | None = None
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    problem: str = ""
    seconds: float = Field(default=0.0, ge=0.0)
    """From the question to its answer."""


class ExpertCard(Frozen):
    """`model.toml` of an expert. Figures are shares (0–1) by split."""

    name: str
    version: str
    title: str
    description: str
    """What one can ask it, in plain words; the coordinator finds experts by this."""
    asks: tuple[str, ...] = ()
    """A few questions that it answers."""
    window: WindowKind
    labels: tuple[str, ...]
    means: dict[str, str] = Field(default_factory=dict)
    """Each label in plain words, as they follow the name of a device."""
    licence: str = "Apache-2.0"
    file: str
    sha256: str
    opset: int
    data: str
    command: str
    trained_on: dict[str, str] = Field(default_factory=dict)
    """Ranges of the generator's parameters, with units."""
    certain_from: float = Field(ge=0.0, le=1.0)
    """Confidence below which it abstains."""
    inside_until: float = Field(gt=0.0)
    """Distance from the training windows beyond which it abstains."""
    valid: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """Evidence outside of which it abstains: the ranges it was trained on, as measured in the window itself."""
    figures: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Per split ("iid", "held-out …"): balanced accuracy, that of a depth-2 tree on the same features, coverage, right of the answered, windows."""
    limits: str = ""
    """What it cannot tell, in plain words."""
