"""A folder of photos -> one result row a photo, in worker processes, resumable (see ``docs/batch.md``)."""

from __future__ import annotations

from pipeline.batch.estimate import Estimate
from pipeline.batch.run import BatchSettings, Progress, Report, Summary, estimate_batch, run_batch
from pipeline.batch.verdicts import read_verdicts

__all__ = [
    "BatchSettings",
    "Estimate",
    "Progress",
    "Report",
    "Summary",
    "estimate_batch",
    "read_verdicts",
    "run_batch",
]
