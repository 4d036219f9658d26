"""Votes of two readers and what was there -> how much each counts."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("scipy", reason="training needs the extra `train`")

import examples

from pipeline.evaluate.metrics import expected_calibration_error
from pipeline.imprint.fusion import Vote
from pipeline.records import Character
from pipeline.train.reader.votes import fit_pool, known_votes


def judged(count: int, seed: int) -> list[tuple[Vote, str | None]]:
    """A says 0.6 and is right as often; the other reader's probabilities say nothing."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        truth = "A" if rng.random() < 0.6 else "B" if rng.random() < 0.5 else None
        other = rng.uniform(0.1, 0.9)
        line, detector = (("A", 0.6), ("B", 0.2)), (("A", other), ("B", 1 - other))
        made.append((Vote(Character(line, 0.0, 0.0, 20.0, 12.0, 0.0), line, detector), truth))
    return made


def test_a_pool_learns_whom_to_believe_and_how_far() -> None:
    pool = fit_pool(judged(2000, 0))
    assert pool.detector < 0.1 < pool.line
    tried = [(dict(pool(vote.line, vote.detector))["A"], truth == "A") for vote, truth in judged(2000, 1)]
    assert expected_calibration_error([stated for stated, _ in tried], [right for _, right in tried]) < 0.04


def test_a_character_is_there_where_the_imprint_has_more_of_it_than_was_found_before() -> None:
    face = examples.reading("2O"), examples.reading("240")
    other = examples.reading(), examples.reading("0", col=260)
    told = [(vote.character.text, truth) for vote, truth in known_votes([face, other], "024")]
    assert sorted(told, key=str) == sorted([("2", "2"), ("0", "0"), ("4", "4"), ("0", None)], key=str)
