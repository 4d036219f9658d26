"""Networks: one thread, shared by threads, copied to processes, and told about where they cannot be loaded."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.errors import EngineMissingError
from pipeline.network import Network

FACES = np.random.default_rng(0).normal(size=(8, 1, 5, 96, 96)).astype(np.float32)


def test_threads_share_a_network_and_copies_answer_alike() -> None:
    network = Network("face.onnx")
    with ThreadPoolExecutor(4) as pool:
        answers = [outputs[0] for outputs in pool.map(network.run, FACES)]
    copy = pickle.loads(pickle.dumps(network))
    assert len(pickle.dumps(network)) < 200
    for face, answer in zip(FACES, answers, strict=True):
        assert answer.shape == (1, 9) and answer.dtype == np.float32
        np.testing.assert_array_equal(copy.run(face)[0], answer)


@pytest.mark.parametrize(
    ("weights", "name"), [("nowhere.onnx", "pipeline/weights/nowhere.onnx"), (b"w", "the network")]
)
def test_missing_and_damaged_weights_are_told_at_the_first_run(weights: str | bytes, name: str) -> None:
    network = Network(weights)
    with pytest.raises(EngineMissingError, match=f"^{name} cannot be loaded .*pip install --force-reinstall pillprint"):
        network.run(FACES[0])


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts threads as Linux lists them")
def test_a_network_starts_no_thread_and_outlives_a_fork() -> None:
    """A thread besides would be a pool that spins, or the runtime sending events to its maker."""
    script = """
import os, numpy
from pipeline.network import Network
network = Network("face.onnx")
face = numpy.zeros((1, 5, 96, 96), numpy.float32)
before = network.run(face)[0]
print(len(os.listdir("/proc/self/task")), os.environ["ORT_DISABLE_TELEMETRY"], flush=True)
child = os.fork()
if not child:
    os._exit(not numpy.array_equal(network.run(face)[0], before))
print(os.waitpid(child, 0)[1])
"""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.split() == ["1", "1", "0"], done.stderr
