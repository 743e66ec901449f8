"""Whether the direct path to the sender is free. From a window of channel state."""

from __future__ import annotations

from experts.csi_features import evidence, features
from experts.expert import Model

MODEL = Model(window="csi", labels=("line of sight", "no line of sight"), features=features, evidence=evidence)
