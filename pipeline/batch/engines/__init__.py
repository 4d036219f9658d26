"""What runs the workers of a batch: processes on this machine (``local``) or a cluster (``ray``)."""

from __future__ import annotations

from pipeline.batch.engines.interface import Execute, Work
from pipeline.batch.engines.local import run_local
from pipeline.batch.engines.ray import run_ray

__all__ = ["Execute", "Work", "run_local", "run_ray"]
