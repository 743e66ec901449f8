"""How long echoes last. From a window of channel state."""

from __future__ import annotations

from experts.csi_features import evidence, features
from experts.expert import Model

MODEL = Model(window="csi", labels=("short", "medium", "long"), features=features, evidence=evidence)
