"""The one door to onnxruntime: features in, probabilities and the distance from the training windows out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from schemas.errors import ConfigError

Floats = NDArray[np.float32]


class Network:
    """An ONNX file with the input `features` [n, ...] and the outputs `probabilities` [n, labels] and `distance` [n]. Raises ConfigError."""

    def __init__(self, path: Path) -> None:
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ConfigError(f"{path}: onnxruntime cannot load this model ({str(error).splitlines()[0][:200]})") from None
        found = [i.name for i in self._session.get_inputs()], [o.name for o in self._session.get_outputs()]
        if found != (["features"], ["probabilities", "distance"]):
            raise ConfigError(f"{path}: not an expert's model (inputs {found[0]}, outputs {found[1]})")

    def run(self, features: Floats) -> tuple[Floats, Floats]:
        probabilities, distance = self._session.run(["probabilities", "distance"], {"features": features.astype(np.float32)})
        return probabilities, distance
