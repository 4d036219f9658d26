"""What tablets are called in the sentences of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.match.rank import Weighed
from pipeline.records import Expected, ExpectedKind
from pipeline.verify.expected import DESCRIBED_ID
from reference.grouping import drug_strength
from reference.high_alert import high_alert_group
from reference.product import Product
from reference.text.shown import imprint_shown, name_shown

# Less probable ones are no answer to what else a pill may be: the long answer alone names them.
NAMED_MIN = 0.05
_NAMED_MAX = 4
ALERT_MARK = " (high-alert)"


def name_of(group: Weighed) -> str:
    """Drug and strength, else the product's name; of a brand alone its name says both."""
    return name_shown(group.products[0])


def name_beside(group: Weighed, best: Weighed) -> str:
    """The same, with who makes it where it is the drug and strength of ``best``."""
    return f"{name_of(group)} of {joined(makers(group))}" if is_same_strength(group, best) else name_of(group)


def marked(group: Weighed) -> str:
    """The name of a tablet, with a mark where it is a high-alert drug."""
    return f"{name_of(group)}{_mark(group)}"


def marked_beside(group: Weighed, best: Weighed) -> str:
    """The same, as ``name_beside``."""
    return f"{name_beside(group, best)}{_mark(group)}"


def marked_expected(expected: Expected) -> str:
    """What is expected, with the same mark."""
    return f"{said(expected)}{ALERT_MARK if expected.high_alert else ''}"


def _mark(group: Weighed) -> str:
    return ALERT_MARK if any(map(high_alert_group, group.products)) else ""


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


def plain_labeler(labeler: str) -> str:
    """A labeler's name to compare: its letters and digits."""
    return "".join(filter(str.isalnum, labeler.casefold()))


def said(expected: Expected) -> str:
    """What is expected, in a sentence."""
    return f"a pill with {expected.name}" if expected.kind is ExpectedKind.LOOK else expected.name


def read_and_listed(imprint: Sequence[str], group: Weighed) -> str:
    """What was read beside what a tablet is marked."""
    product = group.products[0]
    read, mark = f"{' '.join(imprint)} was read", " ".join(imprint_shown(product))
    if not product.tokens:
        return f"{read}; of {name_of(group)} the catalog says no imprint."
    if is_described(product):
        return f"{read}, not {mark}."
    by = f" of {product.labeler}" if product.labeler else ""
    return f"{read}; {name_of(group)}{by} is marked {mark}."


def said_misread(imprint: Sequence[str], group: Weighed) -> str:
    """That what was read is nearly what a tablet of a list is marked."""
    mark = " ".join(imprint_shown(group.products[0]))
    return f"{' '.join(imprint)} was read, perhaps misread; {marked(group)} is marked {mark}. Read it yourself."


def may_be_drug_of(group: Weighed, other: Weighed) -> bool:
    """Whether a tablet that is listed by a brand alone may be another's drug: no strength contradicts."""
    one, another = drug_strength(group.products[0])[1], drug_strength(other.products[0])[1]
    return is_brand_alone(group) and (one == another or not (one and another))


def by_harm(groups: Sequence[Weighed], best: Weighed) -> list[Weighed]:
    """Other strengths of the drug first, since these are mixed up; then high-alert drugs; else as they were."""
    drug = drug_strength(best.products[0])[0]

    def harm(group: Weighed) -> tuple[bool, bool]:
        return not drug or drug_strength(group.products[0])[0] != drug, not _mark(group)

    return sorted(groups, key=harm)


def on_and_off(on: Sequence[str], off: Sequence[str]) -> str:
    """What of a list a pill looks like, and what that is not on it."""
    named = f"It looks like {joined(on)}, which {_is(on)} on the list"
    return f"{named}, and like {joined(off)}, which {_is(off)} not." if off else f"{named}."


def _is(names: Sequence[str]) -> str:
    return "is" if len(set(names)) == 1 else "are"


def not_certain(expected: Expected) -> str:
    """The first sentence of what cannot be told."""
    return f"It is not certain that this is {said(expected)}."


def alike_sentences(alike: Sequence[Weighed], best: Weighed, expected: Expected, do: str = "") -> Iterator[str]:
    """The look-alikes named: other strengths, other drugs, other makers of the same; ``do``: what they do."""
    own = {drug_strength(product) for product in expected.products}
    others = [
        group for group in alike if expected.kind is ExpectedKind.LOOK or drug_strength(group.products[0]) not in own
    ]
    same = [group for group in alike if group not in others]
    others = by_harm(others, best)
    if others:
        names, is_look = joined(list(map(marked, others))), expected.kind is ExpectedKind.LOOK and not do
        yield (
            f"It looks as described, and so would {names}."
            if is_look
            else f"{names} {do or 'would look the same in this photo'}."
        )
    if same:
        named = name_of(best)
        names = joined([name for group in same for name in makers(group)])
        yield f"{named} of {names} would look the same in this photo; expect {named} where any maker's will do."


def joined(names: Sequence[str], word: str = "and") -> str:
    """Each name once: the first few, and how many more; ``word`` before the last."""
    once = list(dict.fromkeys(names))
    shown, more = once[:_NAMED_MAX], len(once) - _NAMED_MAX
    return (
        f"{', '.join(shown)} {word} {more} more"
        if more > 0
        else f" {word} ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    )
