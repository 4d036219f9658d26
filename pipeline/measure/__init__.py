"""Region -> what a face looks like, as calibrated probabilities over SPL terms."""

from __future__ import annotations

from pipeline.measure.color import measure_color
from pipeline.measure.combine import combine
from pipeline.measure.face import axes_of, face_view, network_input
from pipeline.measure.models import face_logits, load_models
from pipeline.measure.relief import measure_relief
from pipeline.measure.score import measure_score
from pipeline.measure.shape import measure_shape
from pipeline.measure.size import size as measure_size
from pipeline.records import Measurements, Photo, PillLook, PillRegion, Scale
from pipeline.settings import MeasureSettings

__all__ = ["combine", "measure"]


def measure(
    photo: Photo, region: PillRegion, scale: Scale | None, settings: MeasureSettings | None = None
) -> Measurements:
    """Measure one face: shape, color, score, relief, and size where there is a scale.

    Raises ValueError for an empty region.
    """
    settings = settings or MeasureSettings()
    models = load_models()
    axes = axes_of(region)
    view = face_view(photo, region, axes)
    planes = network_input(view)
    logits = face_logits(planes)
    shape = measure_shape(region, float(logits[0]), models)
    color = measure_color(photo, region, view, models)
    score = measure_score(view, planes, logits[1:5], settings)
    look = PillLook(
        shape=shape,
        color=color.colors,
        size=measure_size(region, scale, shape.best == "ROUND") if scale else None,
        score=score.pieces,
        relief=measure_relief(logits[5:9]),
        faces=1,
    )
    return Measurements(
        look=look,
        axis_deg=axes.axis_deg,
        axis_major_length_px=axes.axis_major_length_px,
        axis_minor_length_px=axes.axis_minor_length_px,
        solidity=axes.solidity,
        color_lab=color.lab,
        score_lines=score.lines,
    )
