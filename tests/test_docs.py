"""The docs lead somewhere: links hold, every page stands in the site, and the map names every room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PAGES = [
    path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("samples/*.md"))
]


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page: small letters, blanks as hyphens, no other signs."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_to_what_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text("utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, heading = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


@pytest.mark.parametrize("package", ["pipeline", "reference"])
def test_the_map_names_every_room(package: str) -> None:
    rows = "\n".join(line for line in CONTRIBUTING.splitlines() if line.startswith("| `"))
    for path in sorted((ROOT / package).iterdir()):
        name = f"{path.name}/" if path.is_dir() else path.name
        if path.suffix in ("", ".py", ".csv") and not path.name.startswith("__"):
            assert f"`{name}`" in rows, name


def test_the_map_names_nothing_that_is_gone() -> None:
    paths = re.findall(r"`((?:pipeline|reference|tests|docs)/[\w./*]+)`", CONTRIBUTING)
    for path in paths:
        known = list(ROOT.glob(path)) if "NAME" not in path and "coating" not in path else [path]
        assert known, path


def test_every_page_stands_in_the_site() -> None:
    listed = set(re.findall(r"(?m)^([a-z_]+)$", (ROOT / "docs" / "index.md").read_text("utf-8")))
    assert listed == {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}


def cited() -> list[tuple[str, str, str]]:
    """Who cites a page's section by name, as ``docs/experiments/segment.md, "Fourth round"``, across line ends too."""
    found = []
    for path in [*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "reference").rglob("*.py"), *map(ROOT.joinpath, PAGES)]:
        text = re.sub(r"\s+(# )?", " ", path.read_text("utf-8"))
        for page, section in re.findall(r"([\w/.]+\.md)\)?,? \(?\"([^\"]+)\"", text):
            found.append((str(path.relative_to(ROOT)), page, section))
    return found


def test_sections_that_are_cited_by_name_are_there() -> None:
    assert len(cited()) > 20
    for path, page, section in cited():
        texts = [(ROOT / known).read_text("utf-8") for known in PAGES if known.name == Path(page).name]
        headings = re.findall(r"(?m)^(?:#+ |\*\*)(.+)$", "\n".join(texts))
        assert any(heading.startswith(section) for heading in headings), (path, page, section)
