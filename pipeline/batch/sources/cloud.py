"""Photos in a bucket, by fsspec: ``s3://bucket/prefix``.

S3 is what is tested. What else fsspec opens (``gs://``, ``az://``, ``sftp://``, ...) works by the same few calls and is
untried.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from pipeline.batch.kinds import SIDE_FOLDER, is_in_side_folder, why_no_photo
from pipeline.batch.sources.archives import Archive, OverFile, is_archive, parted
from pipeline.batch.sources.index import Listed
from pipeline.batch.sources.members import Members
from pipeline.batch.sources.store import BYTES_MAX, SAMPLE_BYTES, Given, PassedOver, PhotoBytes, middle
from pipeline.batch.state import UNKNOWN, State
from pipeline.errors import EngineMissingError, InputError, PhotoError, PhotoSetError, PillprintError, UnreachableError
from pipeline.load import display_name
from pipeline.load.formats import HEAD_BYTES
from reference.installing import pip_install

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Bytes of an archive that are fetched at a time: its lists lie close together, a photo comes as a whole.
_BLOCK_BYTES = 1 << 18
# What fsspec's file systems call a version's tag, and the time of the last change.
_TAGS, _TIMES = ("ETag", "etag", "md5Hash"), ("LastModified", "last_modified", "updated", "mtime")


def is_address(place: str) -> bool:
    """Whether a place is named as an address, ``protocol://...``."""
    return _ADDRESS.match(place) is not None


class CloudStore:
    """What lies below an address.

    Raises:
        EngineMissingError: what opens it is not installed.
        InputError: no such protocol is known.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._files, self._base = _opened(self.address)
        self._members = Members(self._archive, self._object)

    def __reduce__(self) -> tuple[type[CloudStore], tuple[str]]:
        return CloudStore, (self.address,)

    def listed(self, passed_over: PassedOver) -> Iterator[Listed]:
        """The photos below the address, with their states; one folder's list is in memory at a time.

        Raises:
            PhotoSetError: it cannot be listed, or is one object; the message says why.
        """
        try:
            if self._files.isfile(self._base):
                raise PhotoSetError(
                    f"{self.address}: is one object and no folder; name the folder it is in, or in a list with --list"
                )
            for folder, _, files in self._files.walk(self._base, detail=True, on_error="raise"):
                inside = folder.removeprefix(self._base).strip("/")
                for name, info in files.items():
                    path = f"{inside}/{name}" if inside else name
                    why = self._why_no_photo(path, name) if name else None
                    if why:
                        passed_over(path, why)
                    elif name and is_archive(name):
                        yield from self._listed_inside(path, _state(info), passed_over)
                    elif name:
                        yield Listed(path, state=_state(info))
        except PillprintError:
            raise
        except Exception as error:  # each file system has its own
            raise PhotoSetError(f"{self.address}: cannot be listed ({_told(error)}); {_MEND}") from error

    def listed_inside(self, archive: str, passed_over: PassedOver) -> Iterator[Listed]:
        """The photos of one archive, with their states.

        Raises:
            UnreachableError: the store does not answer.
        """
        return self._listed_inside(archive, self._object(archive) or {}, passed_over)

    def is_object(self, path: str) -> bool:
        """Whether there is an object of that name."""
        return bool(self._files.isfile(self._whole(path)))

    def _listed_inside(self, archive: str, state: State, passed_over: PassedOver) -> Iterator[Listed]:
        return (Listed(path, state=now) for path, now in self._members.listed(archive, state, passed_over))

    def state(self, path: str) -> State | None:
        """See ``Store``; a photo in an archive has its own size, and the rest from the archive."""
        try:
            inside = self._inside(path)
            return self._members.state(*inside) if inside else self._object(path)
        except Exception:
            return {**UNKNOWN, "etag": None}

    def digest(self, path: str) -> str | None:
        """See ``Store``."""
        try:
            data = self._read(path)
        except PillprintError:
            return None
        return hashlib.sha256(data).hexdigest() if len(data) <= BYTES_MAX else None

    def sample(self, path: str, size: int) -> bytes | None:
        """See ``Store``."""
        start = middle(size)
        try:
            inside = self._inside(path)
            if inside:
                return self._members.sample(*inside)
            data: bytes = self._files.cat_file(self._whole(path), start=start, end=min(size, start + SAMPLE_BYTES))
        except Exception:
            return None
        return data

    def given(self, path: str) -> Given:
        """See ``Store``."""
        data = self._read(path)
        return Given(PhotoBytes(data, display_name(path)), lambda: hashlib.sha256(data).hexdigest())

    def why_not_listed(self, path: str) -> str:
        """See ``Store``."""
        return self._members.why_not_listed(path.rstrip("/")) if is_archive(path.rstrip("/")) else ""

    def close(self) -> None:
        """See ``Store``; fsspec keeps its own connections."""
        self._members.close()

    def _object(self, path: str) -> State | None:
        """How an object is now; None where there is none."""
        try:
            return _state(self._files.info(self._whole(path)))
        except FileNotFoundError:
            return None

    def _inside(self, path: str) -> tuple[str, str] | None:
        """The archive that a path leads into, and the name in it; None where it leads to an object or nowhere."""
        for archive, name in parted(path):
            if self.is_object(archive):
                return archive, name
        return None

    def _archive(self, path: str) -> Archive:
        """The archive in an object, of which no more is fetched than is read."""
        try:
            file = self._files.open(self._whole(path), "rb", block_size=_BLOCK_BYTES)
        except (FileNotFoundError, PermissionError) as error:
            raise PhotoSetError(f"cannot be opened ({_told(error)}); ask for the right to read it") from error
        except Exception as error:
            raise _unreachable(path, error) from error
        return Archive(_Fetched(file, path), file.size)  # type: ignore[arg-type]

    def _whole(self, path: str) -> str:
        if is_address(path):  # of a list, which names the whole address
            return str(self._files._strip_protocol(path))
        return f"{self._base}/{path}"

    def _read(self, path: str) -> bytes:
        """The bytes of a photo.

        Raises:
            PhotoError: there is none, or it is too large.
            UnreachableError: the store does not answer.
        """
        try:
            inside = self._inside(path)
            if inside:
                return self._members.read(*inside)
            size = self._files.info(self._whole(path))["size"] or 0
            if size > BYTES_MAX:
                told = f"{size / 2**20:.0f} MiB is above the limit of {BYTES_MAX / 2**20:.0f} MiB"
                raise PhotoError(f"{display_name(path)}: {told}; save it as JPEG first")
            data: bytes = self._files.cat_file(self._whole(path), start=0, end=size) if size else b""
        except PillprintError:
            raise
        except FileNotFoundError as error:
            raise PhotoError(f"{display_name(path)}: there is no such object; check the name") from error
        except PermissionError as error:
            raise PhotoError(f"{display_name(path)}: may not be read; ask for the right to read it") from error
        except Exception as error:
            raise _unreachable(path, error) from error
        return data

    def _why_no_photo(self, path: str, name: str) -> str | None:
        if is_in_side_folder(path):
            return SIDE_FOLDER
        return None if is_archive(name) else why_no_photo(name, lambda: self._head(path))

    def _head(self, path: str) -> bytes:
        try:
            data: bytes = self._files.cat_file(self._whole(path), start=0, end=HEAD_BYTES)
        except Exception:  # an empty object has no first byte
            return b""
        return data


_MEND = "see that the address, the keys and the network are right, and run again"


class _Fetched(OverFile):
    """An object as a file; a store that does not answer is no damage of the archive in it.

    Raises:
        UnreachableError: it cannot be fetched.
    """

    def __init__(self, file: IO[bytes], path: str) -> None:
        super().__init__(file)
        self._path = path

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            return self._file.read(-1 if size is None else size)
        except Exception as error:  # each file system has its own
            raise _unreachable(self._path, error) from error

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(_BLOCK_BYTES if size < 0 else min(size, _BLOCK_BYTES))

    def close(self) -> None:
        self._file.close()
        super().close()


def _unreachable(path: str, error: Exception) -> UnreachableError:
    return UnreachableError(f"{display_name(path)}: cannot be fetched ({_told(error)}); {_MEND}")


def _opened(address: str) -> tuple[Any, str]:
    protocol = address.partition("://")[0]
    try:
        fsspec = importlib.import_module("fsspec.core")
    except ImportError as error:
        raise EngineMissingError(f"{address}: needs fsspec; `{pip_install('s3fs')}`") from error
    try:
        # Lists and objects are asked for anew: what was listed before may have changed.
        files, base = fsspec.url_to_fs(address, use_listings_cache=False, skip_instance_cache=True)
    except ImportError as error:
        package = "s3fs" if protocol == "s3" else f"what fsspec opens {protocol}:// with"
        raise EngineMissingError(f"{address}: needs {package}; `{pip_install('s3fs')}` for S3") from error
    except ValueError as error:
        raise InputError(f"{address}: fsspec knows no {protocol}:// ({error}); use s3://") from error
    return files, str(base).rstrip("/")


def _state(info: dict[str, Any]) -> State:
    """The state of an object: its size, its time in ns since 1970 and its tag."""
    changed = next((info[name] for name in _TIMES if info.get(name) is not None), None)
    seconds = changed.timestamp() if isinstance(changed, datetime) else changed
    tag = next((info[name] for name in _TAGS if info.get(name)), None)
    return {
        "size_bytes": info.get("size"),
        "mtime_ns": int(seconds * 10**9) if isinstance(seconds, (int, float)) else None,
        "ctime_ns": None,
        "etag": str(tag).strip('"') if tag else None,
    }


def _told(error: Exception) -> str:
    return display_name(f"{type(error).__name__}: {error}".partition("\n")[0])[:300]
