"""Photos of a folder, archive, list or bucket -> result rows, by workers, resumable (see ``docs/batch.md``)."""

from __future__ import annotations

from pipeline.batch.doing import Progress
from pipeline.batch.estimate import Estimate
from pipeline.batch.fingerprint import identity_of, verify_code
from pipeline.batch.run import Report, Summary, Watch, estimate_batch, run_batch
from pipeline.batch.settings import BatchSettings
from pipeline.batch.sources.choice import Choice
from pipeline.batch.sources.entry import Told
from pipeline.batch.sources.opening import open_lines, open_list, open_photos
from pipeline.batch.sources.photos import Photos
from pipeline.batch.verdicts import read_verdicts

__all__ = [
    "BatchSettings",
    "Choice",
    "Estimate",
    "Photos",
    "Progress",
    "Report",
    "Summary",
    "Told",
    "Watch",
    "estimate_batch",
    "identity_of",
    "open_lines",
    "open_list",
    "open_photos",
    "read_verdicts",
    "run_batch",
    "verify_code",
]
