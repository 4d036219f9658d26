"""An answer as the JSON that the page lays out: every word is made here, by the functions that all reports share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from pipeline.figures_in_words import percent
from pipeline.records import Candidate, Character, Decision, Drug, Face, Identification, Photo
from pipeline.report.face_names import face_names
from pipeline.report.page.pictures import PictureSizes, face_pictures, photo_picture, webp_uri
from pipeline.report.plain_text import CANDIDATES_SHOWN
from pipeline.report.short_words import (
    answer_names,
    asked_words,
    candidate_name,
    candidates_title,
    further_warnings,
    headline,
    imprint_words,
    imprints,
    labelers,
    look_words,
    match_words,
    plain,
    reading_words,
    sellers,
    unlisted_words,
    whole_percent,
)
from pipeline.serialize import monograph_to_dict
from reference.high_alert import CITATIONS
from reference.product import Monograph, Product
from reference.text.shown import name_shown

View = Mapping[str, Any]
"""What the page knows of one answer; plain JSON values, ``page/detail.js`` names the keys."""

PictureOf = Callable[[Iterable[str]], tuple[str, bytes] | None]
"""Gives the first of these product ids that has a photo, with it as WebP (``Catalog.picture_of``)."""

_LABELERS_SHOWN = 6
# The outline of a face is drawn by so few points that none lies off by more than this share of its box.
_OUTLINE_SHARE = 0.006


def answer_view(
    answer: Identification,
    photos: Sequence[Photo] = (),
    *,
    sizes: PictureSizes | None = None,
    names: Mapping[int, str] | None = None,
    monograph: bool = False,
    picture_of: PictureOf | None = None,
) -> View:
    """One answer as JSON.

    Args:
        answer: what was found.
        photos: as they were loaded for it, in the answer's order; none where the page is to hold no pictures.
        sizes: of the pictures; those of a batch where it is None.
        names: of the faces (``face_names``) where the answer is one of several; the whole photo is left out then.
        monograph: whether the text of the monograph goes along.
        picture_of: ``Catalog.picture_of``, where the labels' photos of the candidates are to be shown beside them.
    """
    sizes = sizes or PictureSizes()
    drugs, own = answer.drugs[:CANDIDATES_SHOWN], face_names([answer])
    return {
        "photos": [plain(photo) for photo in answer.photos],
        "decision": answer.decision.value,
        "headline": headline(answer),
        "names": answer_names(answer),
        "reason": plain(answer.reason),
        "sellers": sellers(answer),
        "advice": {"code": plain(answer.advice.code), "sentence": plain(answer.advice.sentence)}
        if answer.advice
        else None,
        "warnings": [plain(warning) for warning in further_warnings(answer)],
        "seen": dict(_seen(answer)),
        "title": candidates_title(answer),
        "candidates": [{**_candidate(drug), "picture": _label_picture(drug, picture_of)} for drug in drugs],
        "unlisted": unlisted_words(answer),
        "match": match_words(drugs),
        "asked": asked_words(answer),
        "drug": plain(answer.monograph.drug) if answer.monograph else "",
        "monograph": _monograph(answer.monograph) if monograph and answer.monograph else None,
        "pictures": [
            _pictured(photo, [face for face in answer.faces if face.photo_index == index], names or own, sizes)
            | ({} if names else photo_picture(photo, sizes))
            for index, photo in enumerate(photos)
        ],
    }


def overview(answers: Sequence[Identification], photos: Sequence[Photo], sizes: PictureSizes) -> list[dict[str, Any]]:
    """Each photo with the faces of all answers outlined and named."""
    names = face_names(answers)
    faces = [face for answer in answers for face in answer.faces]
    return [
        {
            **photo_picture(photo, sizes),
            "name": plain(photo.name),
            "faces": [_drawn(face, names) for face in faces if face.photo_index == index],
        }
        for index, photo in enumerate(photos)
    ]


def _seen(answer: Identification) -> Iterable[tuple[str, str]]:
    if answer.decision is Decision.NO_PILL or not answer.faces:
        return
    yield "Imprint", imprint_words(answer)
    yield from ((title.capitalize(), words) for title, words in look_words(answer))


def _candidate(drug: Drug) -> dict[str, Any]:
    first: Candidate = drug.first
    return {
        **_named(first.product, labelers(drug, _LABELERS_SHOWN), imprints(drug)),
        "name": candidate_name(first),
        "sure": percent(drug.probability),
        "tier": plain(first.tier),
        "alert": _alert(drug),
        "bits": round(first.score_bits, 4),
        "evidence": [[plain(row.kind), round(row.bits, 4), plain(row.sentence)] for row in first.evidence],
    }


def _label_picture(drug: Drug, picture_of: PictureOf | None) -> dict[str, str] | None:
    """The photo of the likeliest of the drug's tablets that has one, marked as its label's."""
    products = {one.product.product_id: one.product for one in drug.candidates}
    found = picture_of(products) if picture_of else None
    if found is None:
        return None
    product = products[found[0]]
    title = f"Photo of the label{f' of {product.labeler}' if product.labeler else ''}"
    return {
        "product": plain(found[0]),
        "src": webp_uri(found[1]),
        **_link(title, product.source_url, product.source_date),
    }


def without_label_pictures(view: View) -> View:
    """The view with the products whose labels show them, without the pictures: a batch's page has each once."""
    kept = [{**one, "picture": _unpictured(one["picture"])} for one in view["candidates"]]
    return {**view, "candidates": kept}


def _unpictured(picture: Mapping[str, str] | None) -> dict[str, str] | None:
    return {name: value for name, value in picture.items() if name != "src"} if picture else None


def _named(product: Product, sold_by: str, imprint: str) -> dict[str, Any]:
    """A product's name and look, in the words of its register."""
    return {
        "id": plain(product.product_id),
        "name": plain(name_shown(product)),
        "drug": plain(product.drug),
        "strength": plain(product.strength),
        "look": {name: plain(value) for name, value in _look(product, sold_by, imprint) if value},
        "source": _link(product.source, product.source_url, product.source_date),
    }


def _look(product: Product, sold_by: str, imprint: str) -> Iterable[tuple[str, str]]:
    yield "Name in its register", product.own_name
    yield "Imprint", imprint or "no text"
    yield "Shape", product.shape
    yield "Color", " and ".join(product.colors)
    yield "Size", f"{product.size_mm:g} mm" if product.size_mm is not None else ""
    yield "Score", {None: "", 1: "not scored"}.get(product.score, f"scored in {product.score}")
    yield "Imprint type", product.imprint_type
    yield "Form", product.dosage_form
    yield "Schedule", product.dea_schedule
    yield "Prescription", product.prescription
    yield "Sold by", sold_by
    yield "NDC", product.ndc
    yield "Market", product.market


def _alert(drug: Drug) -> dict[str, Any] | None:
    """Why a mix-up with the drug does most harm, with the source."""
    group = drug.high_alert
    if group is None:
        return None
    citation = CITATIONS[group.citation]
    return {"reason": plain(group.reason), **_link(citation.title, citation.url, citation.date)}


def _monograph(monograph: Monograph) -> dict[str, Any]:
    citations = [replace(each, url=_address(each.url)) for each in monograph.citations]
    return monograph_to_dict(replace(monograph, citations=tuple(citations)))


def _link(title: str, url: str, date: str) -> dict[str, str]:
    return {"title": plain(", ".join(filter(None, (title, date)))), "url": _address(url)}


def _address(url: str) -> str:
    """A source's address where a browser opens it as a page, never javascript: or file:."""
    return plain(url) if url.startswith(("https://", "http://")) else ""


def _pictured(photo: Photo, faces: Sequence[Face], names: Mapping[int, str], sizes: PictureSizes) -> dict[str, Any]:
    """A photo's faces enlarged and what is drawn over them, in pixels of the photo."""
    ordered = sorted(faces, key=lambda face: names[id(face)])
    return {
        "name": plain(photo.name),
        "faces": [
            {**_drawn(face, names), **picture, "words": reading_words(face), "characters": _characters(face)}
            for face, picture in zip(ordered, face_pictures(photo, ordered, sizes), strict=True)
        ],
    }


def _drawn(face: Face, names: Mapping[int, str]) -> dict[str, Any]:
    return {"name": names[id(face)], "box": [int(edge) for edge in face.region.box], "outline": _outline(face)}


def _outline(face: Face) -> list[list[int]]:
    """The outline by few points, (x, y) as SVG has them."""
    top, left, bottom, right = face.region.box
    points = np.ascontiguousarray(face.region.outline[:, ::-1], np.float32).reshape(-1, 1, 2)
    if len(points) < 3:
        return []
    few = cv2.approxPolyDP(points, _OUTLINE_SHARE * max(bottom - top, right - left), True)
    return [[round(float(x)), round(float(y))] for x, y in few[:, 0]]


def _characters(face: Face) -> list[list[Any]]:
    """Each character: text, confidence in percent, center x and y, width, height, turn in degrees."""
    return [_character(character) for character in face.reading.characters]


def _character(character: Character) -> list[Any]:
    places = (character.col, character.row, character.width_px, character.height_px, character.turn_deg)
    return [plain(character.text), whole_percent(character.confidence), *(round(float(place), 1) for place in places)]
