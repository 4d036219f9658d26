"""A folder of photos -> one result row a photo, in worker processes, resumable (see ``docs/batch.md``)."""

from __future__ import annotations

from pipeline.batch.run import BatchSettings, Progress, Report, Summary, run_batch
from pipeline.batch.verdicts import read_verdicts

__all__ = ["BatchSettings", "Progress", "Report", "Summary", "read_verdicts", "run_batch"]
