"""One name means one thing in the whole house (CONTRIBUTING.md, "House style")."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = sorted(file for room in ("pipeline", "reference") for file in (ROOT / room).rglob("*.py"))
# Files of these names mean the same in each room.
SAME_IN_EACH_ROOM = {"settings", "errors", "interface", "find", "run", "training", "batches", "evaluate"}
# A file in one of these is named after the file, or the room, whose command, record or training it is.
NAMED_AFTER = (("pipeline", "cli"), ("pipeline", "records"), ("pipeline", "train"))


def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_files_of_one_name_mean_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for file in FILES:
        path = file.relative_to(ROOT)
        if not file.stem.startswith("__") and file.stem not in SAME_IN_EACH_ROOM and path.parts[:2] not in NAMED_AFTER:
            places[file.stem].append(str(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
