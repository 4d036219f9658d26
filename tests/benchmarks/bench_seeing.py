"""How long loading, segmenting and measuring one pill in a 12-megapixel JPEG takes on one thread; run by hand:

    OMP_NUM_THREADS=1 pytest tests/benchmarks/bench_seeing.py -n 0 --benchmark-columns=min,median,max,rounds

The photo is part of a drawn sample, enlarged to 4,000 x 3,000 pixels: its pill is a third or a fifth of the photo
long, and only the shorter one is looked at closer. Times are of the processor, to which other work adds little.
``decode`` is what the decoder and the copy of its pixels into an array take, to be subtracted from ``load``.
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.load import load
from pipeline.measure import Measurer
from pipeline.segment import Segmenter

SAMPLE = Path(__file__).parents[2] / "samples" / "024_front_wood_ruler.jpg"


pytestmark = pytest.mark.benchmark(timer=time.process_time)


@pytest.fixture(scope="session", params=[(250, 60, 393), (420, 0, 560)], ids=["third", "fifth"])
def jpeg(request: pytest.FixtureRequest) -> bytes:
    cv2.setNumThreads(1)
    bottom, left, right = request.param
    photo = load(SAMPLE).pixels[:bottom, left:right]
    large = cv2.GaussianBlur(cv2.resize(photo, (4000, 3000), interpolation=cv2.INTER_CUBIC), (0, 0), 2)
    grain = np.random.default_rng(0).normal(0, 2, large.shape[:2])[..., None]
    buffer = io.BytesIO()
    Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def test_decode(benchmark: Any, jpeg: bytes) -> None:
    def decode() -> Any:
        image = Image.open(io.BytesIO(jpeg))
        image.draft(None, (1600, 1200))
        return np.asarray(image)

    assert benchmark(decode).shape == (1500, 2000, 3)


def test_load(benchmark: Any, jpeg: bytes) -> None:
    assert benchmark(load, jpeg).pixels.shape == (1500, 2000, 3)


def test_segment(benchmark: Any, jpeg: bytes) -> None:
    assert len(benchmark(Segmenter(), load(jpeg))) == 1


def test_measure(benchmark: Any, jpeg: bytes) -> None:
    photo = load(jpeg)
    (region,) = Segmenter()(photo)
    assert benchmark(Measurer().measure, photo, region, None).look.shape.best == "ROUND"
