"""How a batch is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchSettings:
    """How a batch is run; none of it changes a result.

    ``workers``: processes, None for one a core. ``shard_size``: photos a result file; at some 1 KB a row a shard
    is about 1 MB, and ten million photos make ten thousand files. ``timeout_seconds``: some hundred times what a
    photo takes. ``retry_errors``: whether photos with an error row are done again, though they did not change.
    ``restart``: whether everything is done anew; what an earlier run left in the result folder is kept in ``earlier/``.
    ``also``: forms of the results besides JSON Lines and CSV (``parquet``, ``sqlite``).
    """

    workers: int | None = None
    shard_size: int = 1000
    timeout_seconds: float = 120.0
    retry_errors: bool = False
    restart: bool = False
    also: tuple[str, ...] = ()
