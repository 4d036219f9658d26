"""Trains the segmentation network: pill or not, and pill core, at half the input's resolution.

    python -m pipeline.train.segment cut-outs ../shared/data/rximage300 WORK
    python -m pipeline.train.segment teach ../shared/data/rximage300 WORK/taught_rximage
    python -m pipeline.train.segment teach ../shared/data/tfda WORK/taught_tfda
    python -m pipeline.train.segment teach-hard ../shared/data/tfda WORK/hard_tfda
    python -m pipeline.draw heap-set --n 40 --seed 540 --pills 40 --out WORK/heaps
    python -m pipeline.draw heap-set --n 250 --seed 881 --pills 3 --out WORK/few
    python -m pipeline.train.segment teach-field ../shared/data/field WORK/taught_field
    python -m pipeline.train.segment scenes WORK
    python -m pipeline.train.segment fit WORK pipeline/weights/segment.onnx --minutes 60 \
        --masks ../shared/data/masks --taught WORK/taught_rximage --taught WORK/taught_tfda --taught WORK/heaps \
        --taught WORK/few --field WORK/taught_field --empty PHOTOS

PHOTOS are any without a pill. ``fit`` goes on from ``WORK/segment.pt`` where it was stopped. What it learned teaches
the next round.
"""

from __future__ import annotations

from pathlib import Path

import click
import cv2

from pipeline.segment import Segmenter
from pipeline.train.common.loop import TrainingTask, begin_from, keep_small, run
from pipeline.train.segment.batches import SceneBatches, load_drawn, save_drawn
from pipeline.train.segment.cutout_scenes import SceneMaker, load_cut_outs
from pipeline.train.segment.cutouts import save_cut_outs
from pipeline.train.segment.field_scenes import FieldScenes, label_field, load_empty, load_field
from pipeline.train.segment.hard import label_hard
from pipeline.train.segment.real import RealScenes
from pipeline.train.segment.segment_network import (
    Loss,
    SegmentNetwork,
    TaughtLoss,
    export_segment,
    in_bf16,
    segment_loss,
)
from pipeline.train.segment.teach import label

_SIDE = 256
_WEIGHT_DECAY = 1e-3
# The weights that ship are a mean over about 2,000 steps: docs/experiments/segment.md, "Fifth round".
_AVERAGE_DECAY = 0.9995
_PATH = click.Path(path_type=Path)


@click.group()
def main() -> None:
    """Train the segmentation network."""


@main.command("cut-outs")
@click.argument("folder", type=_PATH)
@click.argument("work", type=_PATH)
@click.option("--limit", default=900)
def cut_outs_command(folder: Path, work: Path, limit: int) -> None:
    """Cut pills out of an RxIMAGE folder."""
    click.echo(f"{save_cut_outs(folder, work, limit)} pills cut out")


@main.command("teach")
@click.argument("folder", type=_PATH)
@click.argument("target", type=_PATH)
@click.option("--limit", default=1100)
def teach_command(folder: Path, target: Path, limit: int) -> None:
    """Copy photos on which the present segmentation finds two good faces to TARGET, with these as polygons."""
    click.echo(f"{label(folder, target, limit, Segmenter())} photos")


@main.command("teach-hard")
@click.argument("folder", type=_PATH)
@click.argument("target", type=_PATH)
@click.option("--limit", default=1100)
def teach_hard_command(folder: Path, target: Path, limit: int) -> None:
    """Copy photos that `teach` leaves out to TARGET, with outlines of another view of them, mended."""
    cv2.setNumThreads(1)
    click.echo(f"{label_hard(folder, target, limit, Segmenter())} photos")


@main.command("teach-field")
@click.argument("folder", type=_PATH)
@click.argument("target", type=_PATH)
def teach_field_command(folder: Path, target: Path) -> None:
    """Copy boxed photos to TARGET, with the outlines that the present segmentation finds in the boxes."""
    click.echo("{} photos, {} outlines, {} boxes unsure".format(*label_field(folder, target, Segmenter())))


@main.command("scenes")
@click.argument("work", type=_PATH)
@click.option("--files", default=40, help="How many files of 100 scenes there are to be.")
def scenes_command(work: Path, files: int) -> None:
    """Draw the scenes that are missing in WORK/scenes."""
    cv2.setNumThreads(1)
    maker = SceneMaker(load_cut_outs(work / "train"), _SIDE)
    for number in range(len(list((work / "scenes").glob("*.npz"))), files):
        click.echo(save_drawn(maker, work / "scenes", number))


@main.command("fit")
@click.argument("work", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--masks", type=_PATH, required=True, help="Folder of photos with polygons drawn by hand.")
@click.option("--taught", type=_PATH, multiple=True, help="Folders of labeled photos.")
@click.option("--minutes", default=60.0)
@click.option("--rate", default=1e-3)
@click.option("--real-share", default=0.6, help="Of the scenes, how many are crops of real photos.")
@click.option("--field", type=_PATH, help="Folder of photos in hands and on desks, of `teach-field`.")
@click.option("--empty", type=_PATH, multiple=True, help="Folders of photos without a pill, looked at with those.")
@click.option("--field-share", default=0.35, help="Of the scenes, how many are crops of these, where given.")
@click.option("--teacher", type=_PATH, help="Checkpoint whose maps of other photos are not to be unlearned.")
@click.option("--device", default="cpu", show_default=True, help="Of torch, as cuda.")
@click.option("--bf16", is_flag=True, help="Compute in bfloat16, for processors that have it.")
@click.option("--begin", type=click.Path(path_type=Path, exists=True), help="Small checkpoint to begin from.")
def fit_command(
    work: Path, out: Path, masks: Path, taught: tuple[Path, ...], minutes: float, rate: float, real_share: float,
    field: Path | None, empty: tuple[Path, ...], field_share: float,
    teacher: Path | None, device: str, bf16: bool, begin: Path | None,
) -> None:  # fmt: skip
    """Train, or go on training; write the network as ONNX to OUT and, beside it, a small checkpoint to begin from."""
    cv2.setNumThreads(1)
    checkpoint = work / "segment.pt"
    if begin is not None and not checkpoint.exists():
        begin_from(begin, checkpoint)
    drawn, real = load_drawn(work / "scenes"), RealScenes.load(masks, taught, _SIDE)
    sources: list[tuple[RealScenes, float]] = [(real, real_share)]
    if field is not None:
        maker = SceneMaker(load_cut_outs(work / "train"), _SIDE)
        sources.append((FieldScenes(load_field(field), load_empty(empty), maker), field_share))
    loss: Loss = segment_loss if teacher is None else TaughtLoss(teacher, device)
    task = TrainingTask(
        SegmentNetwork,
        lambda seed: SceneBatches(drawn, sources, seed),
        in_bf16(loss) if bf16 else loss,
        _WEIGHT_DECAY,
        average_decay=_AVERAGE_DECAY,
    )
    run(task, checkpoint, minutes, rate=rate, workers=1, resume=True, device=device)
    export_segment(checkpoint, out)
    keep_small(checkpoint, out.with_suffix(".pt"))
    click.echo(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
