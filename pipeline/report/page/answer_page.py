"""One answer or a few as a page: the same component as a batch's, with larger pictures and the monographs' text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.records import Identification, Photo
from pipeline.report.face_names import face_names
from pipeline.report.monograph import UNREVIEWED, WEAK
from pipeline.report.page.document import Document, document
from pipeline.report.page.pictures import LARGE
from pipeline.report.page.view import PictureOf, answer_view, overview
from pipeline.report.plain_text import answer_text


def answers_page(
    answers: Sequence[Identification],
    photos: Sequence[Photo] = (),
    title: str = "pillprint",
    picture_of: PictureOf | None = None,
) -> str:
    """The page as text, to be written as UTF-8.

    Args:
        answers: one, or one for each pill of the one photo.
        photos: as they were loaded for the answers, in their order; none for a page without pictures.
        title: what the page is called.
        picture_of: ``Catalog.picture_of``, for the labels' photos of the candidates.
    """
    several = len(answers) > 1
    names = face_names(answers) if several else None
    views = [
        answer_view(each, photos, sizes=LARGE, names=names, monograph=True, picture_of=picture_of) for each in answers
    ]
    data = {
        "views": views,
        "overview": overview(answers, photos, replace(LARGE, full=False)) if several else [],
        "weak": WEAK,
        "unreviewed": UNREVIEWED,
    }
    fallback = "\n".join(answer_text(each) for each in answers)
    return "".join(document(Document(title, "answers", data, fallback)))
