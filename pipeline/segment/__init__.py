"""Photo -> pill regions: where the pills are, each with its outline, and which of them are faces of one pill."""

from __future__ import annotations

from pipeline.segment.faces import group_faces
from pipeline.segment.find import segment

__all__ = ["group_faces", "segment"]
