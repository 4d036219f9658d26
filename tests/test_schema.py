"""Every answer validates against the published schema, and the schema says something."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest
from examples import identification, no_pill, sold_by_two

from pipeline.errors import InputError
from pipeline.properties import PROPERTIES
from pipeline.records import Advice, Decision, Identification, Scale, ScaleSource
from pipeline.serialize import SCHEMA_VERSION, Detail, text

DETAILS: tuple[Detail, Detail] = ("summary", "full")


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(files("pipeline.report").joinpath("identification.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def with_homography() -> Identification:
    outline = np.array([[0, 0], [0, 9], [9, 9]], np.float32)
    scale = Scale(0.1, 0.01, ScaleSource.CARD, np.eye(3), outline)
    return identification(("024",), (), scale=scale)


@pytest.mark.parametrize(
    "answer",
    [
        identification(("024",), ()),
        identification(("54", "024"), decision=Decision.AMBIGUOUS, with_size=False),
        identification((), (), decision=Decision.UNREADABLE, candidates=()),
        no_pill(),
        no_pill("line\nbreak \"quotes\" '<b>' \udcff.png"),
        with_homography(),
        sold_by_two(),
        identification(("024",), decision=Decision.UNKNOWN, advice=Advice("TURN_OVER", "Turn it over.", 0.7)),
    ],
    ids=["identified", "ambiguous", "unreadable", "no pill", "hostile name", "homography", "high-alert", "advice"],
)
def test_answers_validate(answer: Identification, validator: Any) -> None:
    for detail in DETAILS:
        as_text = answer.to_json(detail=detail)
        as_text.encode("utf-8")
        validator.validate(json.loads(as_text))
        assert json.loads(as_text) == answer.to_dict(detail)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("decision",), "MAYBE"),
        (("schema_version",), 1),
        (("detail",), "some"),
        (("doubts",), {"others": 1}),
        (("look", "size"), "7"),
        (("candidates", 0, "probability"), 1.5),
        (("candidates", 0, "products"), []),
        (("faces", 0, "region", "box"), [1, 2, 3]),
        (("faces", 0, "reading", "hypotheses", 0, "lines", 0, "characters", 0, "row"), None),
        (("look", "shape", "best"), 3),
        (("unlisted",), 1.5),
        (("advice",), {"code": "TURN_OVER"}),
        (("catalog_date",), None),
        (("candidates", 0, "high_alert"), None),
    ],
)
def test_the_schema_refuses(path: tuple[str | int, ...], value: object, validator: Any) -> None:
    answer: Any = identification(("024",), ()).to_dict(detail="full")
    place = answer
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not validator.is_valid(answer)


def test_every_key_is_required_and_described(validator: Any) -> None:
    answer = identification(("024",), ()).to_dict("full")
    assert set(answer) == set(validator.schema["required"]) == set(validator.schema["properties"])
    for key in answer:
        assert not validator.is_valid({name: value for name, value in answer.items() if name != key}), key


def test_each_property_of_the_look_is_in_the_schema(validator: Any) -> None:
    look = identification(("024",), ()).to_dict()["look"]
    names = [*(each.name for each in PROPERTIES), "faces"]
    assert list(look) == validator.schema["$defs"]["look"]["required"] == names
    assert list(validator.schema["$defs"]["look"]["properties"]) == names


def test_a_summary_has_no_outlines_and_of_the_monograph_its_name() -> None:
    answer = with_homography()
    summary, full = answer.to_dict(), answer.to_dict(detail="full")
    assert (summary["detail"], full["detail"]) == DETAILS
    assert summary["monograph"] == {"drug": "baclofen", "title": "Baclofen"}
    assert len(full["faces"][0]["region"].pop("outline")) == 72 and len(full["scale"].pop("outline")) == 3
    full["faces"][1]["region"].pop("outline")
    assert len(full["monograph"]["sections"]) == 2
    assert full | {"detail": "summary", "monograph": summary["monograph"]} == summary
    with pytest.raises(InputError, match="summary or full"):
        answer.to_dict("all")  # type: ignore[arg-type]


@pytest.mark.parametrize(("said", "meant"), [("full", "summary"), ("summary", "full")])
def test_the_schema_tells_a_summary_from_all(said: str, meant: Detail, validator: Any) -> None:
    assert not validator.is_valid(with_homography().to_dict(meant) | {"detail": said})


def test_values() -> None:
    answer = identification(("024",), ()).to_dict("full")
    assert answer["schema_version"] == SCHEMA_VERSION == 2
    assert answer["decision"] == "IDENTIFIED"
    assert answer["imprint"] == ["024"]
    assert answer["look"]["size"]["length_mm"] == 7.1
    assert answer["look"]["score"] == {
        "best": "2",
        "probabilities": [{"term": "2", "probability": 0.9}, {"term": "1", "probability": 0.1}],
    }
    assert answer["candidates"][0]["labelers"] == ["TruPharma LLC"]
    assert answer["faces"][1]["measurements"]["score_lines"] == [[[66.0, 260.0], [174.0, 260.0]]]
    first = answer["faces"][0]["reading"]["hypotheses"][0]["lines"][0]["characters"][0]
    assert (first["text"], first["row"], first["col"]) == ("0", 120.0, 78.0)
    assert answer["monograph"]["sections"][1]["loinc"] == "34088-5"


def test_what_the_answer_says_of_trust() -> None:
    advice = Advice("TURN_OVER", "Turn it over: what does the other face say?", 0.7)
    answer = identification(("024",), decision=Decision.UNKNOWN, advice=advice, unlisted=0.25).to_dict()
    assert answer["unlisted"] == 0.25
    assert answer["advice"] == {"code": advice.code, "sentence": advice.sentence, "bits": 0.7}
    assert (answer["catalog"], answer["catalog_name"], answer["catalog_date"]) == (
        "0123abcd",
        "example.csv",
        "2026-11-22",
    )
    assert identification(("024",)).to_dict()["advice"] is None
    assert [candidate["high_alert"] for candidate in sold_by_two().to_dict()["candidates"]] == [
        "",
        "",
        "a medicine for the heart's rhythm: a wrong dose can itself upset it [ismp-acute]",
    ]


def test_figures_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        identification(("024",), seconds={"load": float("nan")}).to_json()


def test_undecodable_bytes_of_a_name_are_shown() -> None:
    assert text("caf\udce9.png") == "caf\\xe9.png"
    assert text("\ud800") == "\N{REPLACEMENT CHARACTER}"
    assert text("Pille 024 ½") == "Pille 024 ½"
