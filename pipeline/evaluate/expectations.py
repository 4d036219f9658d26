"""``python -m pipeline.evaluate.expectations``: how often what is expected is found so, on a labeled photo set.

Each photo is asked about what it shows, a product drawn at random, one of the same look, the same drug in another
strength, and whether it is none of the high-alert drugs. What was seen is kept in ``--work``.
"""

from __future__ import annotations

import pickle
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.answer import Answer
from pipeline.errors import PillprintError
from pipeline.evaluate.bounds import upper_bound
from pipeline.evaluate.pouches import CutOut, Pouch, composed, pouches
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.evaluate.table import Table
from pipeline.identifier import Identifier
from pipeline.load import load
from pipeline.match import Matcher
from pipeline.measure import Measurer
from pipeline.records import Agreement, Expected, ExpectedKind
from pipeline.settings import Settings
from pipeline.verify import ListEntry, Verifier
from reference.grouping import drug_strength, same_drug, same_look
from reference.high_alert import HIGH_ALERT, high_alert_group
from reference.product import Product
from reference.store.catalog import Catalog, open_catalog

_SEED, _POUCH_SEED = 7, 2026
_FOLDER = click.Path(path_type=Path)
Counts = dict[str, Counter[str]]


class Register:
    """The products of a catalog, by drug and strength, by drug, and by shape and colors."""

    def __init__(self, catalog: Catalog) -> None:
        self.products = list(catalog.products())
        self.table = Table(self.products)
        self._same: dict[tuple[str, str], list[Product]] = defaultdict(list)
        self._drug: dict[str, list[Product]] = defaultdict(list)
        self._look: dict[tuple[str, tuple[str, ...]], list[Product]] = defaultdict(list)
        for product in self.products:
            self._same[drug_strength(product)].append(product)
            self._drug[drug_strength(product)[0]].append(product)
            self._look[product.shape, product.colors].append(product)

    def expected(self, product: Product, kind: str) -> Expected:
        """The product, or its drug in its strength by any labeler where the register says both."""
        key = drug_strength(product)
        if kind == "product" or not all(key):
            return Expected(product.product_id, ExpectedKind.PRODUCT, (product,))
        rest = (each for each in self._same[key] if each is not product)
        return Expected(product.drug_key, ExpectedKind.DRUG, (product, *rest))

    def questions(self, own: Product, rng: random.Random) -> Iterator[tuple[str, Product]]:
        """The right product, and one wrong one of each kind that there is."""
        drug, strength = drug_strength(own)
        alike = (each for each in self._look[own.shape, own.colors] if same_look(each, own))
        other = (each for each in self._drug[drug] if strength and drug_strength(each)[1])
        wrong = {"drawn at random": self.products, "of the same look": alike, "in another strength": other}
        yield "right", own
        for name, products in wrong.items():
            found = [each for each in products if drug_strength(each) != (drug, strength) and not same_drug(each, own)]
            if found:
                yield name, rng.choice(found)


@dataclass(frozen=True)
class Asked:
    """How the photos of a set are asked about."""

    kind: str
    faces: int


def seen_photos(folder: Path, photos: Sequence[LabeledPhoto], work: Path) -> dict[str, Answer]:
    """What each photo shows, read once and kept in ``work``; photos that cannot be used are left out."""
    kept = work / f"{folder.name}.seen.pkl"
    if kept.exists():
        found: dict[str, Answer] = pickle.loads(kept.read_bytes())
        return found
    identifier, found = Identifier(), {}
    for photo in photos:
        try:
            found[photo.name] = identifier.identify(photo.path)
        except PillprintError as error:
            click.echo(f"left out: {error}", err=True)
    work.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(found))
    return found


def count(photos: Sequence[LabeledPhoto], seen: dict[str, Answer], catalog: Catalog, asked: Asked) -> Counts:
    """What came of each question, by its kind."""
    settings = Settings()
    register, verifier = Register(catalog), Verifier(catalog, matcher := Matcher(catalog, settings), settings)
    combine, rng = Measurer(settings.measure).combine, random.Random(_SEED)
    drugs = verifier.drugs((HIGH_ALERT,))
    counts: Counts = defaultdict(Counter)
    for photo in photos:
        answer, rows = seen.get(photo.name), register.table.rows(photo.truth)
        if answer is None or not rows or (asked.faces == 1 and len(answer.faces) < 2):
            continue
        faces = (rng.choice(answer.faces),) if asked.faces == 1 else answer.faces
        look = combine([face.measurements.look for face in faces])
        one = Answer(**{**vars(answer), "faces": faces, "look": look})
        weighing = matcher.weigh([face.reading for face in faces], look)
        for name, product in register.questions(rows[0], rng):
            finding = verifier.find(weighing, register.expected(product, asked.kind), one)[1]
            counts[name][finding.agreement.value] += 1
        if rows[0].drug:
            group = "high-alert" if any(map(high_alert_group, rows)) else "not high-alert"
            counts[group][verifier.rule_out(weighing, drugs, one).outcome] += 1
    return dict(counts)


def count_pouches(
    photos: Sequence[LabeledPhoto], seen: dict[str, Answer], catalog: Catalog, kind: str, number: int
) -> Counts:
    """What came of so many composed pouches by their fault, and of their pills."""
    register, identifier = Register(catalog), Identifier(catalog)
    cut_outs = []
    for photo in photos:
        rows, answer = register.table.rows(photo.truth), seen.get(photo.name)
        if rows and answer and len(answer.faces) == 2 and all(drug_strength(rows[0])):
            cut_outs.append(CutOut(photo.path, answer.faces, rows[0]))
    counts: Counts = defaultdict(Counter)
    for place, pouch in enumerate(pouches(cut_outs, number, _POUCH_SEED)):
        pixels = composed(pouch, {each.path: load(each.path).pixels for each, _ in pouch.pills}, place)
        listed = Counter(product.product_id for product in pouch.listed)
        one = {product.product_id: product for product in pouch.listed}
        entries = [ListEntry(register.expected(one[key], kind), times) for key, times in listed.items()]
        done = identifier.check_list(pixels, entries)
        counts[f"pouch: {_fault_words(pouch)}"][done.agreement.value] += 1
        counts["pills of pouches"].update(pill.state.value for pill in done.pills)
    return dict(counts)


def _fault_words(pouch: Pouch) -> str:
    if pouch.odd is None:
        return pouch.fault or "right"
    cut_out, face = pouch.pills[pouch.odd]
    return f"{pouch.fault}, {'its text' if cut_out.faces[face].reading.lines else 'no text'} up"


def lines(counts: Counts) -> Iterator[str]:
    """Each question's counts, with the bound of the harmful answer's share."""
    harmful = {
        "pouch: right": Agreement.CONTRADICTED.value,
        "pills of pouches": "CANNOT_TELL",
        "right": Agreement.CONTRADICTED.value,
        "high-alert": "RULED_OUT",
        "not high-alert": "NOT_RULED_OUT",
    }
    for name, found in counts.items():
        total, bad = found.total(), harmful.get(name, Agreement.CONSISTENT.value)
        shares = ", ".join(f"{word} {number} ({number / total:.1%})" for word, number in found.most_common())
        yield f"{name}: {total}: {shares}; {bad} at most {upper_bound(found[bad], total):.2%}"


@click.command()
@click.argument("photo_set", metavar="SET", type=_FOLDER)
@click.option("--catalog", metavar="TABLE", type=_FOLDER, required=True, help="Catalog or register table to ask.")
@click.option("--part", type=click.Choice(["all", "training", "validation"]), default="validation", show_default=True)
@click.option("--expect", "kind", type=click.Choice(["drug", "product"]), default="drug", show_default=True)
@click.option("--faces", type=click.IntRange(1, 2), default=2, show_default=True, help="1: one face alone, at random.")
@click.option("--work", metavar="DIR", type=_FOLDER, required=True, help="Where what was seen is kept.")
@click.option("--pouches", "number", type=click.IntRange(min=1), help="Ask about so many composed pouches in place.")
def main(photo_set: Path, catalog: Path, part: str, kind: str, faces: int, work: Path, number: int | None) -> None:
    """Measure how often what is expected is found so, and what is not."""
    everything = open_set(photo_set)
    seen = seen_photos(photo_set, everything.photos, work)
    photos, opened = everything.part(part).photos, open_catalog(catalog)
    if number is None:
        counts = count(photos, seen, opened, Asked(kind, faces))
    else:
        counts = count_pouches(photos, seen, opened, kind, number)
    click.echo("\n".join(lines(counts)))


if __name__ == "__main__":
    main()
