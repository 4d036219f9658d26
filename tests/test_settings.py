"""The settings: one field a stage, each value frozen and explained."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import pipeline.identifier
import pipeline.looking
from pipeline import Identifier, Settings, settings
from pipeline.imprint.null import NullReader
from pipeline.settings import MeasureSettings, ScaleSettings, SegmentSettings

CLASSES = [
    node
    for node in ast.parse(inspect.getsource(settings)).body
    if isinstance(node, ast.ClassDef) and node.name != "Settings"
]


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_each_field_says_what_it_is(node: ast.ClassDef) -> None:
    for number, statement in enumerate(node.body):
        if isinstance(statement, ast.AnnAssign):
            after = node.body[number + 1]
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and after.value.value
            assert isinstance(told, str) and len(told.split()) > 3, ast.unparse(statement)


def test_there_is_one_field_a_stage() -> None:
    stages = [field.name for field in dataclasses.fields(Settings)]
    assert stages == ["load", "segment", "scale", "measure", "read", "match", "decide", "verify"]
    assert {type(getattr(Settings(), stage)).__name__ for stage in stages} <= {node.name for node in CLASSES}


def test_the_flow_hands_each_stage_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Settings(
        segment=SegmentSettings(coarse_px=320),
        measure=MeasureSettings(scored_min=0.4),
        scale=ScaleSettings(card_sigma=0.5),
    )
    seen: list[object] = []
    for module, stage in (
        (pipeline.identifier, "Segmenter"),
        (pipeline.identifier, "Measurer"),
        (pipeline.looking, "find_scale"),
    ):
        real = getattr(module, stage)

        def spy(*arguments: object, real: object = real, **named: object) -> object:
            seen.extend(each for each in arguments if dataclasses.is_dataclass(each))
            return real(*arguments, **named)  # type: ignore[operator]

        monkeypatch.setattr(module, stage, spy)
    Identifier(reader=NullReader(), settings=given).identify(np.full((64, 64, 3), 200, np.uint8))
    assert {given.segment, given.measure, given.scale} <= set(seen)


def test_docs_say_where_the_values_come_from() -> None:
    root = Path(__file__).parents[1]
    for page in set(re.findall(r"docs/[\w/]+\.md", inspect.getsource(settings))):
        assert (root / page).exists(), page
