"""The lists of composed pouches against what their photos show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pipeline.evaluate.kept import Kept
from pipeline.evaluate.pouches import CutOut, Pouch, composed, pill_at
from pipeline.evaluate.product_groups import ProductGroups
from pipeline.evaluate.sets import LabeledPhoto
from pipeline.identifier import Identifier
from pipeline.load import load
from pipeline.match import Matcher
from pipeline.records import Identification, Pixels
from pipeline.settings import Settings
from pipeline.verify import ListCheck, ListEntry, PillState, SeenPill, Verifier, check_list, counted
from reference.grouping import drug_strength
from reference.product import Product
from reference.store.catalog import Catalog

_TOLD = {PillState.PRESENT: "pills that are there", PillState.LOOKS_LIKE: "pills that look like one of the list"}


def cut_outs(photos: Sequence[LabeledPhoto], seen: Mapping[str, Identification], groups: ProductGroups) -> list[CutOut]:
    """The photos of both faces of a pill whose drug and strength the register says."""
    found = []
    for photo in photos:
        rows, answer = groups.table.rows(photo.truth), seen.get(photo.name)
        if rows and answer and len(answer.faces) == 2 and all(drug_strength(rows[0])):
            found.append(CutOut(photo.path, answer.faces, rows[0]))
    return found


def entries_of(pouch: Pouch, groups: ProductGroups, kind: str) -> list[ListEntry]:
    """The pouch's list."""
    count = Counter(product.product_id for product in pouch.listed)
    one = {product.product_id: product for product in pouch.listed}
    return [ListEntry(groups.expected(product, kind), count[key]) for key, product in one.items()]


def _seen_in(pouch: Pouch, seed: int, identifier: Identifier, groups: ProductGroups) -> list[Identification]:
    """What the composed photo of a pouch shows, pill by pill, row by row from the left; no list changes it."""
    done = identifier.check_list(_photo(pouch, seed), entries_of(pouch, groups, "drug")[:1])
    return [pill.identification for pill in sorted(done.pills, key=lambda pill: pill.number)]


def seen_pouches(
    made: Sequence[Pouch], groups: ProductGroups, work: Path
) -> Iterator[tuple[Pouch, list[Identification]]]:
    """What each pouch shows, seen once and kept in ``work``; what is asked later changes none of it."""
    identifier = Identifier()
    kept: Kept[list[Identification]] = Kept(work / "pouches.pkl")
    for seed, pouch in enumerate(made):
        yield pouch, kept.of(f"{seed}: {pouch.name}", partial(_seen_in, pouch, seed, identifier, groups))


def count_pouches(made: Sequence[Pouch], catalog: Catalog, kind: str, work: Path) -> dict[str, Counter[str]]:
    """What came of pouches by their fault, and of their pills.

    Args:
        made: the pouches.
        catalog: what is asked.
        kind: whether a list names the drug of any labeler (``drug``) or a labeler's product (``product``).
        work: where what was seen is kept.
    """
    groups, settings = ProductGroups(catalog), Settings()
    verifier = Verifier(catalog, matcher := Matcher(catalog, settings), settings)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for seed, (pouch, found) in enumerate(seen_pouches(made, groups, work)):
        pills = [SeenPill(one, matcher.weigh([face.reading for face in one.faces], one.look)) for one in found]
        regions = [face.region for one in found for face in one.faces]
        done = check_list(verifier, entries_of(pouch, groups, kind), pills, counted(_photo(pouch, seed), regions))
        counts[f"pouch: {_fault_words(pouch)}"][done.agreement.value] += 1
        _count_pills(pouch, seed, done, counts)
    return dict(counts)


def _count_pills(pouch: Pouch, seed: int, done: ListCheck, counts: dict[str, Counter[str]]) -> None:
    """What came of each pill; of those that cannot be told, what of the list they look like."""
    names = [each.entry.expected.products[0] for each in done.entries]
    for pill in done.pills:
        top, left, bottom, right = pill.identification.faces[0].region.box
        cut_out, face = pouch.pills[pill_at(pouch, seed, (top + bottom) / 2, (left + right) / 2)]
        shows = "its text" if cut_out.faces[face].reading.lines else "no text"
        counts["pills of pouches"][pill.state.value] += 1
        counts[f"pills of pouches, {shows} up"][pill.state.value] += 1
        if pill.state in _TOLD and pill.entry is not None:
            counts[_TOLD[pill.state]][_right(cut_out.product, names[pill.entry])] += 1
        if pill.state is PillState.CANNOT_TELL:
            fits = ("nothing", "one entry")[len(pill.fits)] if len(pill.fits) < 2 else "several"
            counts["untold pills fit"][fits] += 1
            if len(pill.fits) == 1:
                counts["untold pills that fit one entry"][_right(cut_out.product, names[pill.fits[0]])] += 1


def _right(product: Product, listed: Product) -> str:
    return "right" if drug_strength(product) == drug_strength(listed) else "wrong"


def _photo(pouch: Pouch, seed: int) -> Pixels:
    return composed(pouch, {each.path: load(each.path).pixels for each, _ in pouch.pills}, seed)


def _fault_words(pouch: Pouch) -> str:
    if pouch.odd is None:
        return pouch.fault or "right"
    cut_out, face = pouch.pills[pouch.odd]
    return f"{pouch.fault}, {'its text' if cut_out.faces[face].reading.lines else 'no text'} up"
