"""A short run of the fuzzer in the suite; the long one is ``python tests/fuzz_importers.py``."""

from __future__ import annotations

import pytest
from fuzz_importers import Target, fuzz, fuzz_whole, targets


@pytest.mark.parametrize("target", list(targets()), ids=lambda target: target.name)
def test_mutated_input_raises_nothing_and_costs_no_good_record(target: Target) -> None:
    fuzz(target, 60, seed=0)


@pytest.mark.parametrize("target", list(targets()), ids=lambda target: target.name)
def test_a_mutated_file_is_read_or_refused(target: Target) -> None:
    fuzz_whole(target, 30, seed=0)
