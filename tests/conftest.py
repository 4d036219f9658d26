"""Fixtures every test file may use."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

# A busy machine is no fault, and CI tries the same examples each time.
hypothesis.settings.register_profile("pillprint", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("pillprint")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--none-skipped", action="store_true", help="a test or module that skips has failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("none_skipped"):
        report.outcome, report.longrepr = "failed", f"skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and collector.config.getoption("none_skipped"):
        report.outcome, report.longrepr = "failed", f"skipped: {report.longrepr}"
    return report


@pytest.fixture
def shared_data() -> Path:
    """The evaluation data beside the checkout; without it the test skips, but never under CI."""
    if not SHARED_DATA.is_dir() and not os.environ.get("CI"):
        pytest.skip("needs the evaluation data in ../shared/data")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def no_catalogs_of_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks or changes a catalog that this user has."""
    monkeypatch.setenv("PILLPRINT_CATALOGS", str(tmp_path_factory.getbasetemp() / "no-catalogs"))


@pytest.fixture
def gradient() -> NDArray[np.uint8]:
    """``(48, 64, 3)`` uint8 in which every place has its own color: red tells the row, green the column."""
    rows, columns = np.mgrid[0:48, 0:64]
    return np.dstack([rows * 5, columns * 4, np.full_like(rows, 90)]).astype(np.uint8)
