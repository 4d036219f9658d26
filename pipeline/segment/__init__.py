"""Photo -> pill regions: where the pills are, each with its outline, and which of them are faces of one pill."""

from __future__ import annotations

from pipeline.segment.close_up import may_be_cut_out, whole_frame
from pipeline.segment.pointed import pointed_at
from pipeline.segment.regions import content_box
from pipeline.segment.same_pill import group_faces
from pipeline.segment.segmenter import Segmenter, segment

__all__ = ["Segmenter", "content_box", "group_faces", "may_be_cut_out", "pointed_at", "segment", "whole_frame"]
