"""Whether the device, or what is around it, moves: by the Doppler spread. From a window of channel state."""

from __future__ import annotations

from experts.csi_features import evidence, features
from experts.expert import Model

MODEL = Model(window="csi", labels=("static", "slow", "fast"), features=features, evidence=evidence)
