"""The monographs: every topic is there, every statement is sourced, the three forms carry all of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from pipeline.report.monograph import DISCLAIMER, UNREVIEWED, monograph_markdown, monograph_text
from pipeline.serialize import monograph_to_dict
from reference.errors import CatalogError
from reference.monographs import CITATION_KINDS, load_monograph, monograph_drugs, parse_monograph
from reference.product import Citation, Monograph, Section, Statement

SECTIONS = (
    "key_points", "what_it_is", "uses", "off_label", "how_it_works", "common_side_effects", "serious_side_effects",
    "overdose", "allergy", "interactions", "tell_your_doctor", "pregnancy_breastfeeding", "driving", "how_taken",
    "missed_dose", "stopping", "addiction_treatment", "is_it_addictive", "withdrawal", "pharmacokinetics", "storage",
    "poison_control", "disagreements",
)  # fmt: skip

# What each part has to speak of, as regular expressions without regard to case.
TOPICS = {
    "key_points": ["never stop", "kidney", "drows", "911"],
    "what_it_is": ["muscle relaxant", "Lioresal", "Kemstro", r"5, 10 and 20 mg", "white, round", "7 mm", "024",
                   "TruPharma", "score line", "NDC", "prescription only", "not a controlled substance", "alprazolam",
                   "flecainide"],
    "uses": ["spasticity", "multiple sclerosis", "spinal cord injury", "spinal cord diseases", "rheumatic"],
    "off_label": ["musculoskeletal pain", "gastroesophageal reflux", "alcohol use disorder", "not approved"],
    "how_it_works": ["GABA", "nerves of the spinal cord", "not fully known"],
    "common_side_effects": [r"drowsiness.*10 to 63%", r"dizziness 5 to 15%", r"weakness 5 to 15%",
                            r"fatigue 2 to 4%", r"nausea 4 to 12%", r"headache 4 to 8%", r"insomnia\) 2 to 7%"],
    "serious_side_effects": ["hallucinations", "seizures", "breathing"],
    "overdose": ["vomiting", "coma", "breathing", "seizure", "911", "1-800-222-1222", "what to do", "antidote"],
    "allergy": ["hives", "swelling", "trouble breathing", "emergency"],
    "interactions": ["alcohol", "opioids", "sedatives", "antidepressants", "seizure medicines", "sleeping pills",
                     "tranquilizers", "muscle relaxants"],
    "tell_your_doctor": ["stroke", "epilepsy", "rheumatic disease", "cerebral palsy", "schizophrenia",
                         "Parkinson's disease", "kidney disease"],
    "pregnancy_breastfeeding": ["pregnan", "newborn", "breast-feeding", "disagree"],
    "driving": ["drive", "machines"],
    "how_taken": ["three times a day", "evenly spaced", "prescriber decides", "kidney"],
    "missed_dose": ["skip it", "never take a double dose"],
    "stopping": ["never stop abruptly", "slowly", "no timetable"],
    "addiction_treatment": ["not approved by the FDA", "Cochrane", "France", "evidence for", "evidence against"],
    "is_it_addictive": ["no controlled substance", "tolerance", "dependence", "misuse", "high doses"],
    "withdrawal": ["hallucinations", "seizures", "fever", "why a doctor", "rhabdomyolysis"],
    "pharmacokinetics": ["absor", "half-life", "urine", "protein"],
    "storage": ["20 to 25 degrees C", "child-resistant"],
    "poison_control": ["1-800-222-1222", "911"],
    "disagreements": ["mechanism", "breast-feeding", "half-life", "Schedule III", "false"],
}  # fmt: skip

SMALL = """
drug = "x"
title = "X"

[citations.a]
title = "A"
url = "https://example.org/a"
kind = "label"

[[section]]
key = "uses"
title = "Uses"

[[section.statement]]
text = "It is used."
cite = ["a"]
"""


def part(monograph: Monograph, key: str) -> str:
    section = monograph.section(key)
    assert section is not None, key
    return " ".join(statement.text for statement in section.statements)


@pytest.fixture(scope="module")
def baclofen() -> Monograph:
    monograph = load_monograph("baclofen")
    assert monograph is not None
    return monograph


@pytest.fixture(params=monograph_drugs())
def monograph(request: pytest.FixtureRequest) -> Monograph:
    found = load_monograph(request.param)
    assert found is not None
    return found


def test_the_drugs_that_have_one() -> None:
    assert monograph_drugs() == ("alprazolam", "baclofen", "flecainide")


def test_baclofen_has_every_part_in_order(baclofen: Monograph) -> None:
    assert tuple(section.key for section in baclofen.sections) == SECTIONS


@pytest.mark.parametrize(("key", "words"), TOPICS.items(), ids=TOPICS)
def test_each_part_of_baclofen_speaks_of_its_topics(baclofen: Monograph, key: str, words: list[str]) -> None:
    text = part(baclofen, key)
    assert [word for word in words if not re.search(word, text, re.IGNORECASE)] == []


def test_every_off_label_use_is_marked_as_not_approved(baclofen: Monograph) -> None:
    section = baclofen.section("off_label")
    assert section is not None
    assert all(statement.text.startswith("Not approved") for statement in section.statements)


def test_every_statement_cites_sources_that_are_listed(monograph: Monograph) -> None:
    known = {citation.key: citation for citation in monograph.citations}
    for section in monograph.sections:
        assert section.statements, section.key
        for statement in section.statements:
            assert statement.citations, statement.text
            assert set(statement.citations) <= set(known), statement.text
            assert len(set(statement.citations)) == len(statement.citations), statement.text
            assert statement.text.endswith("."), statement.text


def test_every_source_names_title_address_kind_and_date(monograph: Monograph) -> None:
    for citation in monograph.citations:
        assert citation.title and citation.date and citation.kind in CITATION_KINDS, citation
        assert re.fullmatch(r"https?://[\w.-]+/?\S*", citation.url), citation
    urls = [citation.url for citation in monograph.citations]
    assert len(set(urls)) == len(urls)


def test_no_source_sells_without_prescription(monograph: Monograph) -> None:
    assert not any(re.search(r"\.ru\b|noprescription|buy", citation.url) for citation in monograph.citations)


def test_what_a_life_can_hang_on_does_not_rest_on_web_pages_alone(monograph: Monograph) -> None:
    kinds = {citation.key: citation.kind for citation in monograph.citations}
    for key in ("key_points", "stopping", "poison_control", "interactions"):
        section = monograph.section(key)
        for statement in section.statements if section else ():
            assert {kinds[cited] for cited in statement.citations} - {"web"}, statement.text


def test_no_monograph_claims_a_review_that_did_not_happen(monograph: Monograph) -> None:
    assert monograph.reviewed == ""
    assert monograph.origin == "pillprint"


def test_every_monograph_names_poison_control_and_confusion(monograph: Monograph) -> None:
    assert "1-800-222-1222" in part(monograph, "poison_control")
    assert "024" in part(monograph, "what_it_is" if monograph.drug == "baclofen" else "confusion")


@pytest.mark.parametrize(
    ("name", "drug"),
    [
        ("baclofen", "baclofen"), ("BACLOFEN", "baclofen"), ("Baclofen Tablets, USP", "baclofen"),
        ("Lioresal", "baclofen"), ("kemstro", "baclofen"), ("flecainide acetate", "flecainide"),
        ("Xanax", "alprazolam"),
    ],
)  # fmt: skip
def test_a_drug_is_found_by_the_names_that_labels_use(name: str, drug: str) -> None:
    found = load_monograph(name)
    assert found is not None
    assert found.drug == drug


@pytest.mark.parametrize(
    "name", ["", "warfarin", "baclofen and aspirin", "../../etc/passwd", "baclofen.toml", "\x00", "/"]
)
def test_another_name_finds_nothing(name: str) -> None:
    assert load_monograph(name) is None


def test_text_carries_every_statement_and_source(monograph: Monograph) -> None:
    text = monograph_text(monograph)
    flat = " ".join(text.split())
    assert " ".join(DISCLAIMER.split()) in flat
    assert " ".join(UNREVIEWED.split()) in flat
    for section in monograph.sections:
        assert f"\n{section.title}\n" in text
        assert all(statement.text in flat for statement in section.statements)
    assert all(citation.url in text for citation in monograph.citations)
    long = [line for line in text.splitlines() if len(line) > 78 and "http" not in line]
    assert long == []


def test_text_parts_no_telephone_number(baclofen: Monograph) -> None:
    for width in (30, 40, 60, 100):
        assert "1-800-222-1222" in monograph_text(baclofen, width)
        assert not re.search(r"1-800-?\n|222-\n", monograph_text(baclofen, width))


def test_text_numbers_sources_in_the_order_of_use(baclofen: Monograph) -> None:
    text = monograph_text(baclofen)
    body, sources = text.split("\nSources\n")
    used = list(dict.fromkeys(int(number) for number in re.findall(r"\[(\d+)\]", body)))
    assert used == list(range(1, len(baclofen.citations) + 1))
    assert [int(number) for number in re.findall(r"^\[(\d+)\]", sources, re.MULTILINE)] == used


def test_a_statement_on_web_pages_alone_is_marked_weak(baclofen: Monograph) -> None:
    text = " ".join(monograph_text(baclofen).split())
    assert re.search(r"nor was the NDC of this strength\. (\[\d+\])+\*", text)
    assert "* General web pages only" in text
    assert re.search(r"Drowsiness, often passing[^[]*\[\d+\](?!\*)", text)


def test_markdown_carries_every_statement_and_links_every_source(monograph: Monograph) -> None:
    markdown = monograph_markdown(monograph)
    plain = markdown.replace("\\", "")
    assert markdown.startswith(f"# {monograph.title}\n")
    for section in monograph.sections:
        assert f"\n## {section.title}\n" in markdown
        assert all(f"\n- {statement.text} " in plain for statement in section.statements)
    for number, match in enumerate(re.findall(r'<a id="source-(\d+)"></a>', markdown), start=1):
        assert int(match) == number
    assert all(f"<{citation.url}>" in markdown for citation in monograph.citations)


def test_json_round_trips_to_the_same_monograph(monograph: Monograph) -> None:
    data = json.loads(json.dumps(monograph_to_dict(monograph)))
    again = Monograph(
        drug=data["drug"],
        title=data["title"],
        sections=tuple(
            Section(
                section["key"],
                section["title"],
                tuple(Statement(item["text"], tuple(item["citations"])) for item in section["statements"]),
                section["loinc"],
            )
            for section in data["sections"]
        ),
        citations=tuple(Citation(**citation) for citation in data["citations"]),
        reviewed=data["reviewed"],
        origin=data["origin"],
        notes=tuple(data["notes"]),
    )
    assert again == monograph


def test_a_reviewed_monograph_says_by_whom() -> None:
    reviewed = parse_monograph('reviewed = "A. Person, PharmD, 2027-01-01"' + SMALL)
    assert "Reviewed: A. Person, PharmD, 2027-01-01." in monograph_text(reviewed)
    assert UNREVIEWED not in monograph_text(reviewed)


def test_label_text_cannot_write_to_the_terminal_or_break_the_markdown() -> None:
    small = parse_monograph(SMALL)
    hostile = replace(
        small,
        title="\x1b[31mRed",
        sections=(Section("uses", "<b>", (Statement("a\x1b]0;x\x07 [b](javascript:c) <script>", ("a", "no")),)),),
        citations=(Citation("a", "A", "javascript:alert(1)", "label"),),
        origin="label",
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", monograph_text(hostile) + monograph_markdown(hostile))
    assert "<script>" not in monograph_markdown(hostile).replace("\\<script\\>", "")
    assert "<javascript" not in monograph_markdown(hostile)
    assert "product's own label" in monograph_text(hostile)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("title = \"X\"", "title = "), "not TOML"),
        (("title = \"X\"", "titel = \"X\""), "unknown: titel"),
        (("drug = \"x\"", ""), "missing: drug"),
        (("cite = [\"a\"]", "cite = []"), "at least one citation"),
        (("cite = [\"a\"]", "cite = [\"b\"]"), "cited but not listed: b"),
        (("cite = [\"a\"]", "cite = \"a\""), "list of texts"),
        (("text = \"It is used.\"", "text = 3"), "has to be text"),
        (("text = \"It is used.\"", "text = \" \""), "at least one citation"),
        (("kind = \"label\"", "kind = \"rumor\""), "not one of label"),
        (("https://example.org/a", "javascript:alert(1)"), "not a web address"),
        (("[[section.statement]]", "[section.statement]"), "has to be tables"),
        (("[citations.a]\ntitle = \"A\"\nurl = \"https://example.org/a\"\nkind = \"label\"", "citations = 3"),
         "has to be tables"),
    ],
)  # fmt: skip
def test_a_file_against_the_format_is_refused_by_name(change: tuple[str, str], fault: str) -> None:
    assert change[0] in SMALL
    with pytest.raises(CatalogError, match=r"x\.toml") as caught:
        parse_monograph(SMALL.replace(*change), "x.toml")
    assert fault in str(caught.value)
    assert "docs/monographs.md" in str(caught.value)


def test_a_source_nobody_cites_and_a_section_twice_are_refused() -> None:
    spare = '[citations.spare]\ntitle = "S"\nurl = "https://example.org"\nkind = "web"\n'
    with pytest.raises(CatalogError, match="never cited: spare"):
        parse_monograph(SMALL + spare)
    with pytest.raises(CatalogError, match="uses is there twice"):
        parse_monograph(SMALL + SMALL[SMALL.index("[[section]]") :])
