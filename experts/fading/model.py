"""How deep the signal fades: Rayleigh, Ricean or nearly steady. From a window of channel state."""

from __future__ import annotations

from experts.csi_features import evidence, features
from experts.expert import Model

MODEL = Model(window="csi", labels=("rayleigh", "ricean", "strong ricean"), features=features, evidence=evidence)
