"""What the text that was read says of an imprint: a number, a maker's name beside it, a letter or two too many."""

from __future__ import annotations

from pipeline.match.explain import Explanation

# A number of the imprint that was read just so and weighs so much settles the pill; another maker's name beside it may
# be the register's: makers are sold and renamed, their numbers stay.
_NUMBER_BITS = 8.0
# So few letters without a digit may be a scratch, a logo or the rest of a word, whatever else bears them.
_LETTERS_MIN = 3


def has_number(explanation: Explanation) -> bool:
    """Whether a word with a digit was found."""
    return any(character.isdigit() for token in explanation.tokens for character in token)


def is_another_makers_name(explanation: Explanation) -> bool:
    """Whether its number was read just so, and all that contradicts is letters beside it."""
    number = any(
        text == token and bits >= _NUMBER_BITS and any(map(str.isdigit, token))
        for token, (bits, text) in explanation.tokens.items()
    )
    return number and not any(map(str.isdigit, explanation.contradicted))


def is_little(contradicted: str) -> bool:
    """Whether all that contradicts is a letter or two."""
    return 0 < len(contradicted) < _LETTERS_MIN and not any(map(str.isdigit, contradicted))
