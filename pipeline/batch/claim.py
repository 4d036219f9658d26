"""A result folder belongs to one batch, and to one process at a time."""

from __future__ import annotations

import errno
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from pipeline.batch.durable import replace
from pipeline.batch.names import shown
from pipeline.errors import PhotoSetError

# The layout of the result folder; a run of another layout does not go on in it.
_FORMAT = 4
_LOCK, _SOFT_LOCK, _STAMP = ".lock", ".lock.here", "batch.json"
# Where the results of earlier batches are kept after a restart.
_EARLIER = "earlier"
# Files and folders in the result folder that are not results.
_BESIDE = (_LOCK, _SOFT_LOCK, f"{_STAMP}.tmp", _EARLIER)
_WAY_OUT = "name a new folder with --out, or give --restart, which keeps these results in earlier/ and begins anew"

# Errors of file systems without locks: some network file systems, and those of user programs (FUSE).
_NO_LOCKS = frozenset(
    getattr(errno, name) for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP") if hasattr(errno, name)
)


def check(out: Path, identity: Mapping[str, str]) -> None:
    """Refuse a result folder that ``claimed`` would refuse for what it is and holds; nothing is written.

    Raises:
        PhotoSetError: it is an address or the root of a file system, or holds something else or another batch.
    """
    if _is_address(out):
        told = (
            "is an address, and results are written to a folder; name one with --out, and copy it there when it is done"
        )
        raise PhotoSetError(f"{shown(out).replace(':/', '://', 1)}: {told}")
    whole = os.path.realpath(out)
    if whole == os.path.dirname(whole):
        raise PhotoSetError(f"{shown(out)}: is the root of a file system; name a folder of its own with --out")
    if out.is_dir():
        _check_holds_a_batch_or_nothing(out)
        _check_identity(out, identity)


def _is_address(out: Path) -> bool:
    """Whether a path was meant as ``s3://bucket/folder``, of which a path keeps one slash; ``C:`` is a drive."""
    first = out.parts[0] if out.parts else ""
    return len(first) > 2 and first.endswith(":") and not Path(first).exists()


@contextmanager
def claimed(out: Path, identity: Mapping[str, str], restart: bool = False) -> Iterator[None]:
    """Hold the result folder for this process alone, and check that it holds this batch or nothing.

    Args:
        out: the result folder; made where there is none. Nothing is written into one that is refused.
        identity: what the rows depend on.
        restart: whether the batch that it holds, this or another, is set aside first.

    Raises:
        PhotoSetError: it cannot be written, holds something else, another batch, or a running one.
    """
    name = shown(out)
    try:
        if not restart or not (out / _STAMP).exists():
            check(out, identity)
        out.mkdir(parents=True, exist_ok=True)
        lock = _locked(out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PhotoSetError(f"{name}: cannot take the results ({reason}); name another folder with --out") from error
    try:
        if restart:
            _set_aside(out)
        check(out, identity)  # again: another batch may have begun it in between
        _stamp(out, identity)
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise PhotoSetError(
            f"{name}: cannot be written or read ({reason}); mend that and give the same command again: what is "
            "done is kept"
        ) from error
    finally:
        lock.release()


def _locked(out: Path) -> BaseFileLock:
    """The folder's lock, held; by a file that says who holds it where the file system has no locks."""
    busy = PhotoSetError(f"{shown(out)}: another batch is working in it; wait for it, or name another --out")
    lock: BaseFileLock = FileLock(out / _LOCK)
    try:
        lock.acquire(timeout=0)
        return lock
    except Timeout as error:
        raise busy from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    with suppress(OSError):
        (out / _LOCK).unlink()
    warnings.warn(
        f"{shown(out)}: its file system has no locks; start no second batch there from another machine", stacklevel=3
    )
    lock = SoftFileLock(out / _SOFT_LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise busy from error
    return lock


def _check_holds_a_batch_or_nothing(out: Path) -> None:
    if not (out / _STAMP).exists() and any(name not in _BESIDE for name in os.listdir(out)):
        raise PhotoSetError(f"{shown(out)}: holds files that are no batch's results; name a new folder with --out")


def _stamp(out: Path, identity: Mapping[str, str]) -> None:
    """Say whose the folder is."""
    if not (out / _STAMP).exists():
        replace(out / _STAMP, json.dumps(_whole(identity), indent=2).encode("ascii") + b"\n")


def _whole(identity: Mapping[str, str]) -> dict[str, str]:
    return {"format": str(_FORMAT), **identity}


def _set_aside(out: Path) -> None:
    """Keep the batch that the folder holds, if any, in a folder of its own below it; its stamp goes last."""
    if not (out / _STAMP).exists():
        return
    aside = out / _EARLIER / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    aside.mkdir(parents=True)
    names = sorted(set(os.listdir(out)) - set(_BESIDE), key=lambda name: name == _STAMP)
    for name in names:
        (out / name).rename(aside / name)


def _check_identity(out: Path, identity: Mapping[str, str]) -> None:
    stamp = out / _STAMP
    if not stamp.exists():
        return
    try:
        earlier, now = dict(json.loads(stamp.read_bytes())), _whole(identity)
    except (ValueError, TypeError) as error:
        raise PhotoSetError(f"{shown(stamp)}: is damaged; {_WAY_OUT}") from error
    changed = sorted(key for key in {*earlier, *now} if earlier.get(key) != now.get(key))
    if changed:
        told = "; ".join(f"{key}: then {earlier.get(key)}, now {now.get(key)}" for key in changed)
        raise PhotoSetError(f"{shown(out)}: was begun otherwise ({told}); {_WAY_OUT}")
