"""How a batch stands kills, and what it costs: ``PYTHONPATH=.:tests python tests/benchmarks/bench_batch.py --help``.

``kills`` kills runs (-9) at random moments and counts rows that are lost, doubled, torn or stale. ``cores`` compares
workers, ``memory`` watches one over many photos, ``entries`` plans and resumes millions of photos with a reader that
only pretends, ``mixed`` does a folder of all kinds of files. What they print stands in docs/batch.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from PIL import Image
from pretend import Pretender, answer, inline

from pipeline.batch import BatchSettings, Photos, Progress, Watch, open_photos, plan, run_batch
from pipeline.batch.analysis import Analyst
from pipeline.batch.engines import run_local
from pipeline.batch.ledger import Ledger
from pipeline.batch.made import made_of, note
from pipeline.batch.names import key_of
from pipeline.batch.rows import to_line
from pipeline.batch.sinks import ALWAYS
from pipeline.batch.sources.files import FileStore
from pipeline.batch.sources.walk import photos_below
from pipeline.identifier import Identifier
from pipeline.records import Identification
from pipeline.report.page import BatchReport, BatchView

_SAMPLES = Path(__file__).parents[2] / "samples"
_ODD_NAMES = (b"line\nbreak", b"byte\xff", b"=1+1", "약".encode(), b"\x1b[31m", b"n" * 240, b"'; drop")
_IDENTITY = {"purpose": "benchmark"}


@dataclass(frozen=True)
class Blind:
    """Answers without opening the photo."""

    def identify(self, photo: Path) -> Identification:
        return answer()


@click.group()
@click.option("--work", type=click.Path(path_type=Path), default=Path("/tmp/bench_batch"), show_default=True)
@click.pass_context
def bench(context: click.Context, work: Path) -> None:
    """How a batch stands kills, and what it costs."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    context.obj = work


# ------------------------------------------------------------------------------------------------------------- kills


@bench.command()
@click.option("--number", default=200, show_default=True)
@click.option("--photos", default=300, show_default=True)
@click.option("--seed", default=2026, show_default=True)
@click.pass_obj
def kills(work: Path, number: int, photos: int, seed: int) -> None:
    """Kill parents, workers or both at random moments; photos are replaced and deleted in between."""
    chance, done, runs, faults = random.Random(seed), 0, 0, Counter[str]()
    while done < number:
        shutil.rmtree(work, ignore_errors=True)
        folder = work / "photos"
        folder.mkdir(parents=True)
        for index in range(photos):
            (folder / f"{index:03d}.jpg").write_bytes(b"%d" % index)
        for _ in range(min(chance.randrange(4, 12), number - done)):
            done += _killed(work, chance)
            _changed(folder, chance)
        _run(work).wait()
        runs += 1
        faults += _faults(folder, work / "out")
        print(f"{done} kills, {runs} batches of {photos}: {dict(faults) or 'no fault'}", flush=True)
    sys.exit(bool(faults))


def _run(work: Path) -> subprocess.Popen[bytes]:
    """A batch in a process of its own."""
    command = [sys.executable, __file__, "--work", work / "nothing", "pretend", work]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2])


@bench.command(hidden=True)
@click.argument("work", type=click.Path(path_type=Path))
def pretend(work: Path) -> None:
    """What ``kills`` kills."""
    settings = BatchSettings(workers=2, shard_size=50, timeout_seconds=60)
    run_batch(work / "photos", work / "out", Pretender(delay_seconds=0.01), _IDENTITY, settings)


def _killed(work: Path, chance: random.Random) -> bool:
    """Kill a run at a random moment; whether it still ran."""
    process = _run(work)
    time.sleep(chance.uniform(0.3, 4.0))
    victims = {
        "parent": lambda: [process.pid],
        "worker": lambda: _children(process.pid)[-1:],
        "both": lambda: [*_children(process.pid), process.pid],
    }[chance.choice(["parent", "worker", "both"])]()
    alive = process.poll() is None
    for victim in victims if alive else ():
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            alive = False
    if process.pid not in victims:
        time.sleep(chance.uniform(0.0, 1.0))
        process.kill()
    process.wait()
    return alive and bool(victims)


def _children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True)
    lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, command in lines if "spawn_main" in command]


def _changed(folder: Path, chance: random.Random) -> None:
    """Replace some photos under their names, and delete one."""
    names = sorted(folder.iterdir())
    for file in chance.sample(names, 5):
        file.write_bytes(b"%d" % chance.getrandbits(64))
    chance.choice(names).unlink()


def _faults(folder: Path, out: Path) -> Counter[str]:
    """What is wrong with the results."""
    faults: Counter[str] = Counter()
    rows = Counter[str]()
    for line in (out / "results.jsonl").read_bytes().splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            faults["torn"] += 1
            continue
        file = folder / row["photo"]
        rows[row["photo"]] += 1
        if not file.exists():
            faults["of a deleted photo"] += 1
        elif row["error_kind"] not in (None, "WorkerDied"):
            faults[row["error_kind"]] += 1
        elif row["sha256"] not in (None, hashlib.sha256(file.read_bytes()).hexdigest()):
            faults["stale"] += 1
    faults["doubled"] = sum(number > 1 for number in rows.values())
    faults["lost"] = sum(file.name not in rows for file in folder.iterdir())
    return +faults


# ------------------------------------------------------------------------------------------------ time and memory


@bench.command()
@click.option("--photos", default=200, show_default=True)
@click.pass_obj
def cores(work: Path, photos: int) -> None:
    """Photos of 12 megapixels with distinct bytes by one worker and by two, in turns."""
    folder = _large_photos(work / "photos", photos)
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")
    taken = {}
    for workers in (1, 2):
        start, own, others = time.perf_counter(), _cpu(resource.RUSAGE_SELF), _cpu(resource.RUSAGE_CHILDREN)
        summary = run_batch(
            folder, work / f"out{workers}", Identifier(), _IDENTITY, BatchSettings(workers=workers), execute=run_local
        )
        taken[workers] = time.perf_counter() - start
        own, others = _cpu(resource.RUSAGE_SELF) - own, _cpu(resource.RUSAGE_CHILDREN) - others
        rows = [json.loads(line) for line in (work / f"out{workers}/results.jsonl").open()]
        busy = sum(row["seconds"] for row in rows) / workers
        print(
            f"{workers} workers: {taken[workers]:.1f} s, {summary.photos / taken[workers]:.2f} photos a second, "
            f"{100 * (1 - busy / taken[workers]):.1f} % beside the photos, start and end included; "
            f"CPU: workers {others:.1f} s, the runner {own:.2f} s ({100 * own / (own + others):.1f} %); "
            f"load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    print(f"two against one: {taken[1] / taken[2]:.2f} times")


def _cpu(who: int) -> float:
    """Seconds of CPU of this process or of its children that have ended."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _large_photos(folder: Path, number: int) -> Path:
    """Samples at 12 megapixels, each with bytes of its own."""
    folder.mkdir(parents=True)
    samples = sorted(_SAMPLES.glob("*_both*.jpg"))
    made: dict[Path, bytes] = {}
    for index in range(number):
        source = samples[index % len(samples)]
        if source not in made:
            with Image.open(source) as image:
                image.resize((4000, 3000)).save(folder / "large.jpg", quality=90)
            made[source] = (folder / "large.jpg").read_bytes()
            (folder / "large.jpg").unlink()
        comment = b"\xff\xfe\x00\x0a%08d" % index  # a JPEG comment after the start marker
        (folder / f"{index:05d}.jpg").write_bytes(made[source][:2] + comment + made[source][2:])
    return folder


@bench.command()
@click.argument("source", type=click.Path(path_type=Path), default=_SAMPLES)
@click.option("--photos", default=2000, show_default=True)
@click.pass_obj
def memory(work: Path, source: Path, photos: int) -> None:
    """The memory of one worker over many photos, which are made of those below SOURCE, with the page of all."""
    folder = _composed(source, work / "photos", photos)
    worker = _Worker(photos)
    identifier = Identifier(keep_photos=True)
    report = BatchReport(folder, identifier.catalog, view=BatchView(catalog=identifier.catalog))
    settings = BatchSettings(workers=1)
    run_batch(folder, work / "out", identifier, _IDENTITY, settings, report=report, watch=Watch(worker.look))


class _Worker:
    """Watches the memory of the one worker, and prints what it was in each tenth of the photos.

    After each tenth photo its memory is looked at; by then it has begun the next one.
    """

    def __init__(self, photos: int) -> None:
        self._step = max(1, photos // 10)
        self._tenth, self._started = 0, time.perf_counter()
        self._seen_mb: list[float] = []
        self._most_mb = 0.0

    def look(self, progress: Progress) -> None:
        """Called after each photo."""
        if progress.total and progress.done % 10 == 0:
            for child in _children(os.getpid()):
                now, most = _memory_mb(child)
                self._seen_mb.append(now)
                self._most_mb = max(self._most_mb, most)
        if progress.total and progress.done // self._step > self._tenth:
            self._tenth = progress.done // self._step
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            took = time.perf_counter() - self._started
            print(
                f"{progress.done} photos, {took:.0f} s: median {statistics.median(self._seen_mb):.0f} MB, "
                f"{max(self._seen_mb):.0f} MB at most as seen after each tenth photo, {self._most_mb:.0f} MB at most "
                f"so far; the runner {own:.0f} MB at most",
                flush=True,
            )
            self._seen_mb = []


def _memory_mb(process: int) -> tuple[float, float]:
    """What a process has in memory now, and what it had at most."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it ended meanwhile
        return 0.0, 0.0
    now, most = (int(status.partition(f"{name}:")[2].split()[0]) / 1e3 for name in ("VmRSS", "VmHWM"))
    return now, most


def _composed(source: Path, folder: Path, number: int) -> Path:
    """So many photos with distinct bytes, small and large in one mix.

    Those below ``source`` as they are, and then over again, larger each time, one in ten of these at 12 megapixels.
    """
    folder.mkdir(parents=True)
    files = sorted(file for file in source.rglob("*") if file.suffix.lower() in (".jpg", ".png", ".webp"))
    chance = random.Random(2026)
    names = chance.sample(range(number), number)
    for index, place in enumerate(names):
        file, again = files[index % len(files)], index // len(files)
        target = folder / f"{place:06d}{file.suffix}"
        if not again:
            shutil.copyfile(file, target)
            continue
        try:
            with Image.open(file) as image:
                size = (4000, 3000) if index % 10 == 0 else [round(side * (1 + again / 2)) for side in image.size]
                image.convert("RGB").resize(size).save(target.with_suffix(".jpg"), quality=90)
        except OSError:  # a broken sample stays so
            target.write_bytes(file.read_bytes() + b"%d" % index)
    return folder


@bench.command()
@click.option("--number", default=1_000_000, show_default=True)
@click.option("--planted", is_flag=True, help="Short rows by the ledger itself, no results: plan and resume alone.")
@click.pass_obj
def entries(work: Path, number: int, planted: bool) -> None:
    """Plan, do and resume so many photos with a reader that only pretends, in one process."""
    folder, out = work / "photos", work / "out"
    _timed("making the photos", lambda: _many(folder, number))
    _timed("listing them", lambda: sum(1 for _ in photos_below(folder)))

    def run() -> int:
        return run_batch(folder, out, Blind(), _IDENTITY, BatchSettings(workers=1), execute=inline).photos_this_run

    if planted:
        small = folder / "00000"
        run_batch(small, out, Blind(), _IDENTITY, execute=inline)  # what a result folder has besides rows
        shutil.rmtree(out / "plan")
        shutil.rmtree(out / "shards")
        stamp = out / "batch.json"
        stamp.write_text(stamp.read_text().replace(str(small), str(folder)))
        _timed("plan", lambda: plan.extend(out / "plan", photos_below(folder), 1000))
        _timed("rows", lambda: _plant(folder, out))
    else:
        _timed("plan, do, results", run)
    _timed("resume", run)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"result folder: {size / 1e6:.0f} MB")


def _plant(folder: Path, out: Path) -> int:
    """Short rows of all photos that are planned, as if their results had been made."""
    store, ledger = FileStore(str(folder)), Ledger(out / "shards")
    for shard in plan.shards(out / "plan"):
        rows = [{"photo": path, "error": None, "error_kind": None, **(store.state(path) or {})} for path in shard.paths]
        (out / "shards" / f"{shard.key}.jsonl").write_bytes(b"".join(map(to_line, rows)))
        ledger.set_stamp(shard.key, rows)
    note(out, made_of(out, (*ALWAYS, "")), [out / f"results.{form}" for form in ALWAYS])
    return plan.count(out / "plan")


def _timed(name: str, do: object) -> None:
    start, cpu = time.perf_counter(), time.process_time()
    result = do()  # type: ignore[operator]
    took = f"{time.process_time() - cpu:.1f} s of CPU, {time.perf_counter() - start:.1f} s by the clock"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{name}: {took} ({result}); peak of memory so far {peak:.0f} MB", flush=True)


def _many(folder: Path, number: int) -> int:
    """Names of photos in folders of 10,000; links to a few files, since a disk has fewer files than names."""
    for start in range(0, number, 10_000):
        inside = folder / f"{start // 10_000:05d}"
        inside.mkdir(parents=True)
        first = inside / "000000.jpg"
        first.write_bytes(b"%d" % start)
        for index in range(1, min(10_000, number - start)):
            os.link(first, inside / f"{index:06d}.jpg")
    return number


# ------------------------------------------------------------------------------------------------------------- mixed


@bench.command()
@click.option("--number", default=1000, show_default=True)
@click.option("--s3", is_flag=True, help="Do the same files once more from a local S3 (extra cloudtest).")
@click.option(
    "--pretend", "pretends", is_flag=True, help="With a reader that only pretends: rows are counted, all read."
)
@click.pass_obj
def mixed(work: Path, number: int, s3: bool, pretends: bool) -> None:
    """A folder of good, broken and odd files, links, FIFOs and archives: each photo's name has one row."""
    folder = work / "photos"
    folder.mkdir()
    kinds = Counter(kind for kind in _mixed_files(folder, number))
    print(f"made: {dict(kinds)}")
    analyst = Pretender() if pretends else Identifier()
    right = _accounted("folder", open_photos(folder), work / "out", analyst)
    if s3:
        with _bucket(folder) as address:
            right &= _accounted("S3", open_photos(address), work / "out-s3", analyst)
    sys.exit(not right)


def _accounted(name: str, photos: Photos, out: Path, analyst: Analyst) -> bool:
    """Do all photos; whether each has one row."""
    start = time.perf_counter()
    summary = run_batch(photos, out, analyst, _IDENTITY, BatchSettings(timeout_seconds=60))
    rows = Counter(json.loads(line)["photo"] for line in (out / "results.jsonl").open())
    named = {key_of(path) for path in photos.found(None, lambda path, why: None)}
    photos.close()
    print(f"{name}: {summary.photos} rows for {len(named)} photos' names in {time.perf_counter() - start:.0f} s")
    print(f"{dict(summary.decisions)}, {dict(summary.error_kinds)}, passed over {dict(summary.passed_over)}")
    print(f"rows more than once: {sum(rows.values()) - len(rows)}")
    return summary.photos == len(named) and set(rows) == named and sum(rows.values()) == len(rows)


@contextmanager
def _bucket(folder: Path) -> Iterator[str]:
    """A local S3 with the regular files of a folder; the address."""
    import boto3
    from botocore.exceptions import ClientError
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test")
    os.environ.update(keys, AWS_DEFAULT_REGION="us-east-1", AWS_ENDPOINT_URL=f"http://{host}:{port}")
    bucket = boto3.resource("s3").Bucket("mixed")
    bucket.create()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            key = os.fsencode(file.relative_to(folder)).decode("utf-8", "replace")
            try:
                bucket.put_object(Key=f"photos/{key}", Body=file.read_bytes())
            except ClientError as error:
                print(f"the server takes no {key!r}: {error}")
    yield "s3://mixed/photos"
    server.stop()


def _mixed_files(folder: Path, number: int) -> Iterator[str]:
    """Make the files; the kind of each."""
    samples = sorted(_SAMPLES.glob("*.jpg"))
    for index in range(number):
        source = samples[index // 20 % len(samples)]
        kind = ("good", "good", "good", "cut", "noise", "empty", "text", "not a photo", "odd name", "deep")[index % 10]
        kind = {7: "link", 27: "FIFO", 47: "lost link", 67: "archive", 87: "folder"}.get(index % 100, kind)
        file = folder / f"{index:04d}.jpg"
        content = source.read_bytes()
        if kind == "good":
            file.write_bytes(content)
        elif kind == "cut":
            file.write_bytes(content[: len(content) * (index % 7 + 1) // 9])
        elif kind == "noise":
            file.write_bytes(random.Random(index).randbytes(5000))
        elif kind == "empty":
            file.touch()
        elif kind == "text":
            file.write_text("no photo\n")
        elif kind == "not a photo":
            file.with_suffix(".txt").write_bytes(content)
        elif kind == "odd name":
            odd = [b"line\nbreak", b"byte\xff", b"=1+1", "약".encode(), b"\x1b[31m", b"n" * 240, b"'; drop"][
                index // 10 % 7
            ]
            with open(os.fsencode(folder) + b"/" + odd + b"%04d.jpg" % index, "wb") as opened:
                opened.write(content)
        elif kind == "deep":
            deep = folder.joinpath(*["d" * 100] * (index // 10 % 12 + 1))
            deep.mkdir(parents=True, exist_ok=True)
            (deep / file.name).write_bytes(content)
        elif kind == "link":
            file.symlink_to(source)
        elif kind == "lost link":
            file.symlink_to("nowhere.jpg")
        elif kind == "FIFO":
            os.mkfifo(file)
        elif kind == "folder":
            file.mkdir()
        else:
            _mixed_archive(file, content, index // 100 % 10)
        yield kind


def _mixed_archive(file: Path, content: bytes, kind: int) -> None:
    """A good archive, or one of nine that are not quite: tar, packed tar, cut off, hostile."""
    members = {"in.jpg": content, "deep/er/in.jpg": content, "notes.txt": b"", "bad.jpg": content[:1000]}
    if kind in (1, 2, 3):
        mode = {1: "w", 2: "w:gz", 3: "w:bz2"}[kind]
        with tarfile.open(file.with_suffix((".tar", ".tgz", ".tar.bz2")[kind - 1]), mode) as tar:  # type: ignore[call-overload]
            for name, data in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return
    members |= {
        4: {"../out.jpg": content},
        5: {"bomb.jpg": bytes(300 * 2**20)},
        6: {"inner.zip": content},
        7: {"in.jpg/": b""},
    }.get(kind, {})
    packed = file.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    if kind == 8:
        packed.write_bytes(packed.read_bytes()[:-30])
    if kind == 9:  # the flags that say that it is encrypted
        whole = packed.read_bytes()
        for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            start = whole.index(mark) + flag
            whole = whole[:start] + bytes([whole[start] | 1]) + whole[start + 1 :]
        packed.write_bytes(whole)


if __name__ == "__main__":
    bench()
