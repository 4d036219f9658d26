"""Our networks, run by onnxruntime on one thread (why not by ``cv2.dnn``: docs/experiments/readers.md)."""

from __future__ import annotations

import os
import threading
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import EngineMissingError

# pillprint sends nothing anywhere. Releases of onnxruntime from 1.29 on send events to their maker unless this is set
# before the import (Privacy.md in their wheel); pyproject.toml asks for earlier ones, this is for who installs another.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime


class Network:
    """A network, loaded at its first run.

    Threads may share it; a pickled copy loads its own.

    Args:
        weights: the name of a file in ``pipeline/weights``, or an ONNX file's bytes.
    """

    def __init__(self, weights: str | bytes) -> None:
        self._weights = weights
        self._lock = threading.Lock()
        self._session: Any = None

    def __reduce__(self) -> tuple[type[Network], tuple[str | bytes]]:
        return Network, (self._weights,)

    def run(self, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Every output of the network, float32, in the file's order, for its one input.

        Raises:
            EngineMissingError: the weights are missing or damaged.
        """
        with self._lock:
            if self._session is None:
                self._session = _load(self._weights)
        outputs: list[NDArray[np.float32]] = self._session.run(None, {self._session.get_inputs()[0].name: values})
        return outputs


def _load(weights: str | bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Each session would keep the most memory that it ever took, and a plan for each size of input: 150 MB more over 100
    # photos, growing with each thousand, at the same speed (tests/benchmarks/bench_batch.py memory).
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    try:
        data = weights if isinstance(weights, bytes) else _packaged(weights)
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors have no class in common
        name = "the network" if isinstance(weights, bytes) else f"pipeline/weights/{weights}"
        raise EngineMissingError(
            f"{name} cannot be loaded ({error}): run `pip install --force-reinstall pillprint`, "
            "in a git checkout `git checkout pipeline/weights`"
        ) from error


def _packaged(name: str) -> bytes:
    return resources.files("pipeline").joinpath("weights", name).read_bytes()
