"""What happens in a worker, whichever engine runs it: it wakes, does tasks, and gives back memory that nobody uses."""

from __future__ import annotations

import ctypes
import pickle
import warnings
from collections.abc import Callable
from typing import Any

from pipeline.batch.engines.interface import Work
from pipeline.errors import PillprintError

# A photo's arrays leave holes in glibc's heap, 40 MB after some photos and more with each thousand. Giving them back
# takes 2 ms, and the photo that is next 6 ms more, of some 120 ms: a third of a percent at one photo in twenty.
_TASKS_BETWEEN = 20


def wake(payload: bytes, give_back: Callable[[], object] | None = None) -> Callable[[Any], Any]:
    """What does a task, by the pickled work, in a worker process, which works with one thread.

    Args:
        payload: a pickled ``Work``.
        give_back: called now and then between two tasks; without it the allocator gives back what is free.

    Raises:
        PillprintError: it cannot be unpickled here; the message says why.
    """
    import cv2  # only in a worker: it is the process's own setting

    cv2.setNumThreads(1)
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what is wrong with a photo, `load` says itself
    try:
        work: Work[Any, Any] = pickle.loads(payload)
    except PillprintError:
        raise
    except Exception as error:
        raise PillprintError(f"a worker process cannot start ({type(error).__name__}: {error})") from error
    return _giving_back(work.do, give_back or _trim())


def _giving_back(do: Callable[[Any], Any], give_back: Callable[[], object]) -> Callable[[Any], Any]:
    """The same, and memory is given back after every ``_TASKS_BETWEEN`` tasks."""
    done = 0

    def doing(task: Any) -> Any:
        nonlocal done
        result = do(task)
        done += 1
        if done % _TASKS_BETWEEN == 0:
            give_back()
        return result

    return doing


def _trim() -> Callable[[], object]:
    """What gives back the free memory of this process: glibc has it; on macOS, Windows and musl it does nothing."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # no such function; on Windows None names no library
        return lambda: None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return lambda: trim(0)
