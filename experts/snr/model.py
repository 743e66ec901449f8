"""Signal to noise ratio, and which modulations it carries. From a window of channel state."""

from __future__ import annotations

from experts.csi_features import evidence, features
from experts.expert import Model

MODEL = Model(window="csi", labels=("none", "MCS 0-2", "MCS 3-4", "MCS 5-7"), features=features, evidence=evidence)
