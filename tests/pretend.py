"""Identifiers that only pretend: for tests of what surrounds the real one, in this process and in workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.answer import Answer
from pipeline.batch.engines.interface import Result, Task, Work
from pipeline.errors import PhotoError, PillprintError
from pipeline.records import Candidate, Decision, Identification, PillLook, Probabilities
from reference.product import Product


def inline(
    tasks: Iterator[Task], work: Work[Task, Result], workers: int | None, timeout_seconds: float
) -> Iterator[tuple[Task, Result]]:
    """An engine without workers: fast, and with it no photo may crash or hang."""
    for task in tasks:
        yield task, work.do(task)


@dataclass(frozen=True)
class Pretender:
    """Answers by the file's name: some photos fail, kill the process or hang."""

    log: Path | None = None
    delay_seconds: float = 0.0
    weight: bytes = b""

    def identify(self, photo: Path) -> Identification:
        if self.log:
            with self.log.open("a") as file:
                file.write(str(photo.name) + "\n")
        time.sleep(self.delay_seconds)
        name = photo.name
        if "bad" in name:
            raise PhotoError(f"{photo}: is empty (0 bytes)")
        if "bug" in name:
            raise ZeroDivisionError("division by zero")
        if "crash" in name:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "memory" in name:
            os.kill(os.getpid(), signal.SIGKILL)
        if "swap" in name:
            photo.write_bytes(b"another photo")
        if "hang" in name:
            time.sleep(1000)
        return answer()


@dataclass(frozen=True)
class CannotWake:
    """Cannot be unpickled in the worker."""

    kind: str

    def identify(self, photo: Path) -> Identification:
        raise AssertionError

    def __setstate__(self, state: dict[str, str]) -> None:
        if state["kind"] == "dies":
            os._exit(9)
        if state["kind"] == "stops":
            os.kill(os.getpid(), signal.SIGSTOP)
        raise PillprintError("no catalog; build one")


@dataclass(frozen=True)
class DiesOnce:
    """Kills the first process that unpickles it."""

    once: Path

    def identify(self, photo: Path) -> Identification:
        return answer()

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__dict__.update(state)
        try:  # several start at once, and only one of them can take it away
            self.once.unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def answer(decision: Decision = Decision.IDENTIFIED) -> Answer:
    product = Product("test:1", "Baclofen 10 MG Oral Tablet", "baclofen", "10 mg", labeler="=cmd()")
    return Answer(
        decision=decision,
        reason="the imprint and the color fit",
        candidates=(Candidate((product,), 0.97, 12.0, ()),),
        faces=(),
        look=PillLook(
            shape=Probabilities((("ROUND", 0.9),)),
            color=Probabilities((("WHITE", 0.8),)),
            score=Probabilities((("2", 0.7),)),
        ),
        scale=None,
        monograph=None,
        warnings=(),
        photos=(),
        catalog="test",
    )
