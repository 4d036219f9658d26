"""A folder of photos -> one result row a photo, in worker processes, resumable (see ``docs/batch.md``)."""

from __future__ import annotations

from pipeline.batch.doing import Progress
from pipeline.batch.estimate import Estimate
from pipeline.batch.fingerprint import identity_of
from pipeline.batch.run import BatchSettings, Report, Summary, estimate_batch, run_batch
from pipeline.batch.verdicts import read_verdicts

__all__ = [
    "BatchSettings",
    "Estimate",
    "Progress",
    "Report",
    "Summary",
    "estimate_batch",
    "identity_of",
    "read_verdicts",
    "run_batch",
]
