"""Sentences of the match say figures as the reports do: nothing is certain."""

from __future__ import annotations

import pytest
from examples import product

from pipeline.match.evidence import look_rows
from pipeline.match.model import MatchModel
from pipeline.records import PillLook, Probabilities


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ("ROUND", "The shape agrees: the register says round, for which the photo gives > 99.9 %."),
        ("OVAL", "The shape disagrees: the register says round, for which the photo gives < 0.1 %."),
    ],
)
def test_evidence_is_never_certain(seen: str, said: str) -> None:
    sure = Probabilities(((seen, 1.0),))
    look = PillLook(shape=sure, faces=2)
    rows = look_rows(product(shape="ROUND"), look, MatchModel.load())
    assert rows[0].sentence == said
