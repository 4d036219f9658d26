"""Downloads one file whole: goes on where it was cut off, and never joins parts of two versions.

What has come lies in ``NAME.part`` beside ``NAME``, with ``NAME.part.json`` that says of which version it is; of a
whole file ``NAME.got.json`` says it, so that it comes again only where the server has another. A cut
download goes on by a range request with ``If-Range`` (RFC 9110, 13.1.5 and 14.2), so that a server whose file has
changed sends it whole. Where a server names no version (no strong ETag and no Last-Modified) the file is begun again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from reference.errors import DownloadError

CONNECT_SECONDS, SILENCE_SECONDS = 30, 60
# A download fails after this many tries in a row that bring no further byte, and after the file has changed this many
# times while it was downloaded.
TRIES_MAX, VERSIONS_MAX = 6, 5
# A server that asks for more patience than this is left alone.
WAIT_SECONDS_MAX = 600.0
_BLOCK_BYTES = 1 << 18
_GONE = frozenset({404, 410})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_WHAT_TO_DO = {
    401: "it wants a login or key",
    403: "it refuses; a key may be wrong or used up",
    404: "there is no such file any more; look for its new place and name that folder with --url, or build from a file "
    "that you downloaded with --from",
    407: "the proxy wants a login: HTTPS_PROXY=http://name:password@host:port",
    410: "the file is gone for good",
}

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Fetched:
    """A downloaded file: from where, of which day on the server (as it says it), its size and SHA-256."""

    path: Path
    url: str
    modified: str
    bytes: int
    sha256: str


class NotThereError(DownloadError):
    """The server has no such file."""


class _AgainError(Exception):
    """This try failed; another may not. ``wait_seconds`` is what the server asks for."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


@dataclass
class _Version:
    """Which version of the file the part is of.

    ``address`` is a digest of its URL, which may hold a key; ``total`` its size in bytes where the server said it.
    """

    address: str = ""
    etag: str = ""
    modified: str = ""
    total: int | None = None

    @property
    def validator(self) -> str:
        """What ``If-Range`` takes: a strong ETag or a date, empty where there is neither."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


class _Part:
    """What has come so far."""

    def __init__(self, path: Path, url: str) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._told = path.with_name(f"{path.name}.part.json")
        self._whole = path
        self._got = path.with_name(f"{path.name}.got.json")
        self.version = _version(self._told)
        self.versions = 0
        self.address = hashlib.sha256(url.encode()).hexdigest()
        if self.version.address != self.address or not self.version.validator:
            self.restart()
        self.held = self._held()
        self.is_kept = False

    def _held(self) -> _Version | None:
        """The version of the whole file that an earlier call left, where that can be asked for."""
        held = _version(self._got)
        if held.address != self.address or not held.validator or self.size or not self._whole.is_file():
            return None
        return held if self._whole.stat().st_size == held.total else None

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def is_whole(self) -> bool:
        return self.version.total is not None and self.size == self.version.total

    def restart(self) -> None:
        self.path.unlink(missing_ok=True)
        self.version = _Version(self.address)

    def begin(self, version: _Version) -> None:
        """A new file from its first byte on."""
        self.versions += version.validator != self.version.validator
        self.restart()
        self.version = version
        self._told.write_text(json.dumps(asdict(version)), "utf-8")

    def keep(self, held: _Version) -> None:
        """The file that is there is the server's."""
        self.version, self.is_kept = held, True

    def settle(self) -> None:
        """Bring it to the disk under its own name."""
        if self.is_kept:
            return
        with self.path.open("ab") as file:
            os.fsync(file.fileno())
        self._got.unlink(missing_ok=True)
        os.replace(self.path, self._whole)
        self._told.unlink(missing_ok=True)
        self.version.total = self._whole.stat().st_size
        self._got.write_text(json.dumps(asdict(self.version)), "utf-8")


def forget(path: Path) -> None:
    """Delete a downloaded file with what is known of it."""
    for ending in ("", ".part", ".part.json", ".got.json"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _version(told: Path) -> _Version:
    try:
        return _Version(**json.loads(told.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return _Version()


def fetch(
    url: str,
    path: Path,
    session: requests.Session,
    progress: Progress | None = None,
    pause: Callable[[float], object] | None = None,
) -> Fetched:
    """Download ``url`` to ``path``, going on with what an earlier call left there.

    Args:
        url: an http or https address; a redirect from https to http is refused.
        path: where it goes; its folder is made.
        session: proxies and certificates are those of requests: ``HTTPS_PROXY``, ``REQUESTS_CA_BUNDLE``.
        progress: called with the bytes that are there, and with all that there will be where the server says it.
        pause: waits so many seconds before another try (else ``time.sleep``).

    Raises:
        DownloadError: it could not be downloaded; what came stays for the next call. The message shows no query of the
            address, which may hold a key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _Part(path, url)
        _all_tries(url, part, session, progress or (lambda done, total: None), pause or time.sleep)
        version = part.version
        part.settle()
        return Fetched(path, url, version.modified, path.stat().st_size, _sha256(path))
    except OSError as error:
        raise DownloadError(f"cannot write {path}: {error.strerror or error}; free some space, or name another folder "
                            f"with --downloads") from error  # fmt: skip


def _all_tries(
    url: str, part: _Part, session: requests.Session, progress: Progress, pause: Callable[[float], object]
) -> None:
    failures, most, versions = 0, part.size, 0
    while not part.is_whole:
        try:
            _try(url, part, session, progress)
            return
        except _AgainError as trouble:
            if part.versions != versions:
                versions, most = part.versions, 0
            failures = 0 if part.size > most else failures + 1
            most = max(most, part.size)
            if failures >= TRIES_MAX or versions > VERSIONS_MAX:
                raise DownloadError(_given_up(url, part, str(trouble), versions > VERSIONS_MAX)) from trouble
            pause(trouble.wait_seconds or min(2.0**failures, SILENCE_SECONDS))


def _given_up(url: str, part: _Part, reason: str, is_changing: bool) -> str:
    why = "the file changes while it is downloaded" if is_changing else reason
    if not part.size:
        return f"{shown(url)}: {why}; nothing came yet; run the same command again"
    of = f" of {part.version.total:,}" if part.version.total else ""
    return f"{shown(url)}: {why}; {part.size:,}{of} bytes came and are kept; run the same command again to go on"


def shown(url: str) -> str:
    """The address without its query, which may hold a key, and without a name and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _try(url: str, part: _Part, session: requests.Session, progress: Progress) -> None:
    headers = {"Accept-Encoding": "identity"}  # a compressed answer could not be continued after a cut
    if part.size and part.version.validator:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": part.version.validator}
    elif part.held:
        headers |= {"If-None-Match": part.held.etag} if part.held.etag else {"If-Modified-Since": part.held.modified}
    try:
        with session.get(url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, SILENCE_SECONDS)) as answer:
            _check_answer(url, answer, part)
            if not part.is_whole and not part.is_kept:
                _receive(answer, part, progress)
    except requests.exceptions.SSLError as error:
        raise DownloadError(f"{shown(url)}: its certificate is not trusted; behind a company's proxy name its "
                            f"certificates with REQUESTS_CA_BUNDLE=FILE") from error  # fmt: skip
    except (requests.exceptions.TooManyRedirects, ValueError) as error:  # requests' errors about addresses are both
        raise DownloadError(f"{shown(url)}: no usable address ({type(error).__name__})") from error
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise _AgainError(f"no answer in {SILENCE_SECONDS} s") from error
    except requests.exceptions.ProxyError as error:
        raise _AgainError("the proxy (HTTPS_PROXY) cannot be reached or refuses") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _AgainError("the connection is cut, or the server cannot be reached") from error


def _check_answer(url: str, answer: requests.Response, part: _Part) -> None:
    """Accept what can be written after the part, or begin again; raise where neither can be."""
    if urlsplit(url).scheme == "https" and urlsplit(answer.url).scheme != "https":
        raise DownloadError(f"{shown(url)}: leads to {shown(answer.url)}, which is not encrypted; refused")
    status = answer.status_code
    if status in _BUSY:
        raise _AgainError(f"the server answers {status} {answer.reason}", _retry_after(url, answer))
    if status == 200:
        part.begin(_version_of(part, answer))
        _check_space(part)
    elif status == 304 and part.held:
        part.keep(part.held)
    elif status == 416 and answer.headers.get("Content-Range") == f"bytes */{part.size}":
        part.version.total = part.size  # that was the whole file: the length stated before was wrong
    elif status == 416 or (status == 206 and not _continues(answer, part)):
        part.restart()
        raise _AgainError("the server does not go on where the file was cut off")
    elif status != 206:
        told = _WHAT_TO_DO.get(status, "try later, or build from a file that you downloaded with --from")
        kind = NotThereError if status in _GONE else DownloadError
        raise kind(f"{shown(url)}: the server answers {status} {answer.reason}: {told}")


def _version_of(part: _Part, answer: requests.Response) -> _Version:
    if (
        answer.headers.get("Content-Encoding", "identity") != "identity"
    ):  # its length and version are those of the packing
        return _Version(part.address)
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdigit() else None
    return _Version(part.address, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""), total)


def _continues(answer: requests.Response, part: _Part) -> bool:
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if not found or int(found[1]) != part.size or answer.headers.get("ETag", part.version.etag) != part.version.etag:
        return False
    total = None if found[2] == "*" else int(found[2])
    return total is None or part.version.total in (None, total)


def _retry_after(url: str, answer: requests.Response) -> float:
    """The seconds that the server asks for, 0 where it says none (RFC 9110, 10.2.3)."""
    told = answer.headers.get("Retry-After", "")
    try:
        seconds = float(told) if told.isdigit() else _seconds_until(told)
    except ValueError:
        return 0.0
    if seconds > WAIT_SECONDS_MAX:
        raise DownloadError(f"{shown(url)}: the server is busy and asks to come back in {seconds / 60:,.0f} minutes")
    return max(seconds, 0.0)


def _seconds_until(day: str) -> float:
    moment = parsedate_to_datetime(day)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


def _check_space(part: _Part) -> None:
    free = shutil.disk_usage(part.path.parent).free
    if part.version.total is not None and part.version.total > free:
        raise DownloadError(
            f"{part.path.parent}: {part.version.total / 1e6:,.0f} MB are to come and {free / 1e6:,.0f} MB are free; "
            f"free some space, or name another folder with --downloads"
        )


def _receive(answer: requests.Response, part: _Part, progress: Progress) -> None:
    raw: Any = answer.raw
    done = part.size
    with part.path.open("ab") as file:
        # read1 hands over what came before a cut; iter_content would lose the last block.
        while block := raw.read1(_BLOCK_BYTES, decode_content=True):
            file.write(block)
            done += len(block)
            progress(done, part.version.total)
    if part.version.total is not None and done != part.version.total:
        if done > part.version.total:
            part.restart()
        raise _AgainError(f"{done:,} of {part.version.total:,} bytes came")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
