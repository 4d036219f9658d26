"""What tablets are called in the sentences of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.match.rank import Weighed
from pipeline.records import Expected, ExpectedKind
from pipeline.verify.expected import DESCRIBED_ID
from reference.grouping import drug_strength
from reference.product import Product
from reference.text.shown import name_shown

# Less probable ones are no answer to what else a pill may be: the long answer alone names them.
NAMED_MIN = 0.05
_NAMED_MAX = 4


def name_of(group: Weighed) -> str:
    """Drug and strength, else the product's name; of a brand alone its name says both."""
    return name_shown(group.products[0])


def name_beside(group: Weighed, best: Weighed) -> str:
    """The same, with who makes it where it is the drug and strength of ``best``."""
    return f"{name_of(group)} of {joined(makers(group))}" if is_same_strength(group, best) else name_of(group)


def is_same_strength(group: Weighed, best: Weighed) -> bool:
    """Whether two tablets are one drug in one strength."""
    key = drug_strength(best.products[0])
    return all(key) and drug_strength(group.products[0]) == key


def is_brand_alone(group: Weighed) -> bool:
    """Whether its register names a tablet by a brand and no substance, as Taiwan's does of most."""
    return not any(product.ingredients for product in group.products)


def is_described(product: Product) -> bool:
    """Whether it stands for what was said of a look, and is of no register."""
    return product.product_id.startswith(DESCRIBED_ID)


def makers(group: Weighed) -> list[str]:
    """The labelers of a tablet, without the full stop of a company's form."""
    return [(product.labeler or product.product_id).rstrip(".") for product in group.products]


def said(expected: Expected) -> str:
    """What is expected, in a sentence."""
    return f"a pill with {expected.name}" if expected.kind is ExpectedKind.LOOK else expected.name


def alike_sentences(alike: Sequence[Weighed], best: Weighed, expected: Expected, do: str = "") -> Iterator[str]:
    """The look-alikes named: other drugs and strengths, then other makers of the same; what they do, said otherwise."""
    own = {drug_strength(product) for product in expected.products}
    others = [
        group for group in alike if expected.kind is ExpectedKind.LOOK or drug_strength(group.products[0]) not in own
    ]
    same = [group for group in alike if group not in others]
    if others:
        names, is_look = joined(list(map(name_of, others))), expected.kind is ExpectedKind.LOOK and not do
        yield (
            f"It looks as described, and so would {names}."
            if is_look
            else f"{names} {do or 'would look the same in this photo'}."
        )
    if same:
        named = name_of(best)
        names = joined([name for group in same for name in makers(group)])
        yield f"{named} of {names} would look the same in this photo; expect {named} where any maker's will do."


def joined(names: Sequence[str]) -> str:
    """Each name once: the first few, and how many more."""
    once = list(dict.fromkeys(names))
    shown, more = once[:_NAMED_MAX], len(once) - _NAMED_MAX
    return (
        f"{', '.join(shown)} and {more} more"
        if more > 0
        else " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    )
