"""Measures faces, and puts the faces of one pill together, with the fitted models that it holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from pipeline.geometry.axes import axes_of
from pipeline.measure.color import measure_color
from pipeline.measure.combine import combined
from pipeline.measure.face import face_view, network_input
from pipeline.measure.models import FaceNetwork, Models, load_models
from pipeline.measure.relief import measure_relief
from pipeline.measure.score import measure_score
from pipeline.measure.shape import measure_shape
from pipeline.measure.size import size as measure_size
from pipeline.records import Box, Measurements, Photo, PillLook, PillRegion, Scale
from pipeline.records.look import UNKNOWN
from pipeline.settings import MeasureSettings


class Measurer:
    """Tells shape, color, score, relief and size; loads its models at the first face.

    Threads may share it; a pickled copy loads its own models.
    """

    def __init__(self, settings: MeasureSettings | None = None) -> None:
        self.settings = settings or MeasureSettings()
        self._face_network = FaceNetwork()

    def __reduce__(self) -> tuple[type[Measurer], tuple[MeasureSettings]]:
        return Measurer, (self.settings,)

    @cached_property
    def _models(self) -> Models:
        return load_models()

    def measure(
        self,
        photo: Photo,
        region: PillRegion,
        scale: Scale | None,
        pills: Sequence[PillRegion] = (),
        *,
        shown: Box | None = None,
    ) -> Measurements:
        """Measure one face: shape, color, score, relief, and size where there is a scale.

        Of a face whose outline is unknown shape, size and score are too.

        ``pills`` are all of the photo: where they lie is no ground. ``shown`` is the part of the pixels that a camera
        saw, without bars and page: the light is told from it; None: all.

        Raises ValueError for an empty region.
        """
        axes = axes_of(region)
        view = face_view(photo, region, axes)
        planes = network_input(view)
        logits = self._face_network(planes)
        shape = measure_shape(region, float(logits[0]), self._models)
        color = measure_color(photo, region, view, pills, self._models, shown=shown)
        score = measure_score(view, planes, logits[1:5], self.settings)
        is_outlined = region.is_outlined
        look = PillLook(
            shape=shape if is_outlined else UNKNOWN,
            color=color.colors,
            size=measure_size(region, scale, shape.best == "ROUND") if scale and is_outlined else None,
            score=score.pieces if is_outlined else UNKNOWN,
            relief=measure_relief(logits[5:9]),
            faces=1,
            color_in_lamps=color.in_lamps,
        )
        return Measurements(
            look=look,
            axis_deg=axes.axis_deg,
            axis_major_length_px=axes.axis_major_length_px,
            axis_minor_length_px=axes.axis_minor_length_px,
            solidity=axes.solidity,
            color_lab=color.lab,
            color_seen_lab=color.seen_lab,
            score_lines=score.lines,
        )

    def combine(self, faces: Sequence[PillLook]) -> PillLook:
        """What the faces of one pill show together; see ``combine.combined``."""
        return combined(faces, self._models.calibration)
