"""``python -m pipeline.evaluate.expectations``: how often what is expected is found so, on a labeled photo set.

Each photo is asked about what it shows, a product drawn at random, one of the same look, the same drug in another
strength, and whether it is none of the high-alert drugs. What was seen is kept in ``--work``.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from pipeline.answer import Answer
from pipeline.errors import PillprintError
from pipeline.evaluate.bounds import upper_bound
from pipeline.evaluate.kept import Kept
from pipeline.evaluate.outcome import taken_out
from pipeline.evaluate.pouch_lists import count_pouches, cut_outs
from pipeline.evaluate.pouches import pouches
from pipeline.evaluate.product_groups import ProductGroups
from pipeline.evaluate.sets import LabeledPhoto, open_set
from pipeline.identifier import Identifier
from pipeline.match import Matcher, Weighing
from pipeline.measure import Measurer
from pipeline.records import Agreement, Expected
from pipeline.settings import Settings
from pipeline.verify import PillState, Verifier
from pipeline.verify.compare import FILLED_BY_NONE
from reference.high_alert import HIGH_ALERT, high_alert_group
from reference.store.catalog import Catalog, open_catalog

_SEED, _POUCH_SEED = 7, 2026
_FOLDER = click.Path(path_type=Path)
Counts = dict[str, Counter[str]]


@dataclass(frozen=True)
class Asked:
    """How the photos of a set are asked about.

    Attributes:
        kind: whether a drug of any labeler is expected (``drug``) or a labeler's product (``product``).
        faces: how many faces of each pill are shown.
        beside: other products, drawn at random, of the same list.
        own_out: whether the catalog lacks the pill's own imprint: then the right drug is another labeler's too.
    """

    kind: str
    faces: int
    beside: int = 0
    own_out: bool = False


@dataclass(frozen=True)
class Asking:
    """A catalog that is asked."""

    catalog: Catalog
    matcher: Matcher
    verifier: Verifier

    @classmethod
    def of(cls, catalog: Catalog) -> Asking:
        """Ask this catalog with the settings that ship."""
        matcher = Matcher(catalog, settings := Settings())
        return cls(catalog, matcher, Verifier(catalog, matcher, settings))

    def without(self, imprints: Sequence[str]) -> Asking:
        """The same catalog without these imprints."""
        catalog = self.catalog
        for imprint in imprints:
            catalog = catalog.without(imprint)
        return Asking.of(catalog)

    def left(self, expected: Expected) -> Expected | None:
        """What is expected as far as this catalog has it."""
        products = tuple(each for each in expected.products if self.catalog.product(each.product_id))
        return replace(expected, products=products) if products else None


def seen_photos(photos: Sequence[LabeledPhoto], work: Path) -> dict[str, Answer]:
    """What each photo shows, read once and kept in ``work``; photos that cannot be used are left out."""
    identifier = Identifier()
    kept: Kept[Answer | str] = Kept(work / "photos.pkl")
    found: dict[str, Answer] = {}
    for photo in photos:
        answer = kept.of(str(photo.path), partial(_seen, identifier, photo.path))
        if isinstance(answer, str):
            click.echo(f"left out: {answer}", err=True)
        else:
            found[photo.name] = answer
    return found


def _seen(identifier: Identifier, path: Path) -> Answer | str:
    """What a photo shows; why it cannot be used."""
    try:
        return identifier.identify(path)
    except PillprintError as error:
        return str(error)


def count(photos: Sequence[LabeledPhoto], seen: dict[str, Answer], catalog: Catalog, asked: Asked) -> Counts:
    """What came of each question, by its kind."""
    groups, whole = ProductGroups(catalog), Asking.of(catalog)
    combine, rng, rng_beside = Measurer(Settings().measure).combine, random.Random(_SEED), random.Random(_SEED)
    drugs = whole.verifier.drugs((HIGH_ALERT,))
    counts: Counts = defaultdict(Counter)
    for photo in photos:
        answer, rows = seen.get(photo.name), groups.rows(photo.truth)
        own = taken_out(photo.truth, groups.table) if asked.own_out else ()
        if answer is None or not rows or (asked.faces == 1 and len(answer.faces) < 2) or (asked.own_out and not own):
            continue
        faces = (rng.choice(answer.faces),) if asked.faces == 1 else answer.faces
        look = combine([face.measurements.look for face in faces])
        one = Answer(**{**vars(answer), "faces": faces, "look": look})
        asking = whole.without(own) if own else whole
        weighing = asking.matcher.weigh([face.reading for face in faces], look)
        for name, product in groups.questions(rows[0], rng):
            expected = asking.left(groups.expected(product, asked.kind))
            beside = (groups.expected(each, asked.kind) for each in rng_beside.sample(groups.products, asked.beside))
            others = list(filter(None, map(asking.left, beside)))
            if expected is not None:
                counts[name][_outcome(asking.verifier, weighing, one, expected, others)] += 1
        if rows[0].drug:
            is_named = any(row.ingredients for row in rows)
            group = "not high-alert" if is_named else "known by a brand alone"
            group = "high-alert" if any(map(high_alert_group, rows)) else group
            counts[group][asking.verifier.rule_out(weighing, drugs, one).outcome] += 1
    return dict(counts)


def _outcome(
    verifier: Verifier, weighing: Weighing, seen: Answer, expected: Expected, others: Sequence[Expected]
) -> str:
    """What is said of a pill and what is expected; ``others`` stand on the same list."""
    filled = verifier.filled_by([expected, *others]) if others else FILLED_BY_NONE
    found = verifier.find(verifier.with_strengths(weighing, filled), expected, seen, filled)[1]
    return PillState.LOOKS_LIKE.value if found.shared else found.agreement.value


def lines(counts: Counts) -> Iterator[str]:
    """Each question's counts, with the bound of the harmful answer's share."""
    harmful = {
        "pouch: right": Agreement.CONTRADICTED.value,
        **dict.fromkeys(
            ("pills of pouches", "pills of pouches, its text up", "pills of pouches, no text up"), "CANNOT_TELL"
        ),
        **dict.fromkeys(
            ("pills that are there", "pills that look like one of the list", "untold pills that fit one entry"), "wrong"
        ),
        "untold pills fit": "nothing",
        "right": Agreement.CONTRADICTED.value,
        "high-alert": "RULED_OUT",
        "not high-alert": "NOT_RULED_OUT",
        "known by a brand alone": "RULED_OUT",
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
@click.option("--beside", type=click.IntRange(0, 50), default=0, help="As on a list with so many other products.")
@click.option("--without-own", "own_out", is_flag=True, help="The catalog lacks the pill's own imprint.")
@click.option("--work", metavar="DIR", type=_FOLDER, required=True, help="Where what was seen is kept.")
@click.option("--pouches", "number", type=click.IntRange(min=1), help="Ask about so many composed pouches in place.")
def main(
    photo_set: Path,
    catalog: Path,
    part: str,
    kind: str,
    faces: int,
    beside: int,
    own_out: bool,
    work: Path,
    number: int | None,
) -> None:
    """Measure how often what is expected is found so, and what is not."""
    opened = open_catalog(catalog)
    groups = ProductGroups(opened)
    photos = [photo for photo in open_set(photo_set).part(part).photos if groups.rows(photo.truth)]
    seen = seen_photos(photos, work)
    if number is None:
        counts = count(photos, seen, opened, Asked(kind, faces, beside, own_out))
    else:
        made = pouches(cut_outs(photos, seen, groups), number, _POUCH_SEED)
        counts = count_pouches(made, opened, kind, work)
    click.echo("\n".join(lines(counts)))


if __name__ == "__main__":
    main()
