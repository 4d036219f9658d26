"""Photo -> pill regions: where the pills are, each with its outline, and which of them are faces of one pill."""

from __future__ import annotations

from pipeline.records import Photo, PillRegion
from pipeline.segment.even_ground import segment_even_ground
from pipeline.segment.faces import group_faces
from pipeline.segment.find import SegmentSettings
from pipeline.segment.find import segment as segment_network

__all__ = ["SegmentSettings", "group_faces", "segment", "segment_even_ground", "segment_network"]


def segment(photo: Photo, settings: SegmentSettings | None = None) -> tuple[PillRegion, ...]:
    """Find every pill of the photo, the largest first."""
    return segment_even_ground(photo)
