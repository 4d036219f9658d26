"""Fixtures every test file may use."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

# A busy machine is no fault, and CI tries the same examples each time.
hypothesis.settings.register_profile("pillprint", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("pillprint")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """The evaluation data beside the checkout; without it the test skips, but never under CI."""
    if not SHARED_DATA.is_dir() and not os.environ.get("CI"):
        pytest.skip("needs the evaluation data in ../shared/data")
    return SHARED_DATA


@pytest.fixture
def gradient() -> NDArray[np.uint8]:
    """``(48, 64, 3)`` uint8 in which every place has its own color: red tells the row, green the column."""
    rows, columns = np.mgrid[0:48, 0:64]
    return np.dstack([rows * 5, columns * 4, np.full_like(rows, 90)]).astype(np.uint8)
