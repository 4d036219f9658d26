"""Random imprints in the manner of real ones; no table of real imprints is copied.

The shares follow the look of the public reference photos: digits outnumber letters two to one, most lines
have one to four characters, a label's letters stand with a product number, strengths come with or without mg.
"""

from __future__ import annotations

import numpy as np

# Rough frequencies of capitals in US imprints (drug makers' initials): common ones first. By eye, not fitted.
_COMMON = "AMPLTSRCEGNDWIBHVZKOUXFYJQ"
_WEIGHTS = np.linspace(1.0, 0.25, len(_COMMON))
_WORD_STARTS = ("B", "C", "D", "F", "G", "K", "L", "M", "N", "P", "R", "S", "T", "V", "W", "Z", "PR", "CL", "TR", "ST")
_WORD_MIDDLES = ("A", "E", "I", "O", "U", "AN", "EN", "OR", "AL", "IN", "ER", "YL")
_WORD_ENDS = ("X", "N", "R", "L", "TA", "VA", "CO", "DIN", "LEX", "ZOL", "MED", "SON", "TEC", "PHA", "RIS", "")
_STRENGTHS = (
    "1",
    "2",
    "2.5",
    "5",
    "7.5",
    "10",
    "12.5",
    "15",
    "20",
    "25",
    "30",
    "40",
    "50",
    "60",
    "75",
    "80",
    "100",
    "120",
    "150",
    "200",
    "250",
    "300",
    "400",
    "500",
    "600",
    "750",
    "800",
    "850",
    "1000",
    "0.5",
    "1.25",
    "0.25",
    "0.1",
    "325",
    "37.5",
)


def random_letter(rng: np.random.Generator) -> str:
    """One capital: half the time as often as in imprints, half evenly, so that rare ones are learned."""
    if rng.random() < 0.5:
        return _COMMON[rng.integers(len(_COMMON))]
    return str(rng.choice(list(_COMMON), p=_WEIGHTS / _WEIGHTS.sum()))


def random_letters(rng: np.random.Generator, low: int = 1, high: int = 3) -> str:
    """Some capitals."""
    return "".join(random_letter(rng) for _ in range(int(rng.integers(low, high + 1))))


def random_number(rng: np.random.Generator, low: int = 1, high: int = 4) -> str:
    """Some digits."""
    return "".join(str(rng.integers(10)) for _ in range(int(rng.integers(low, high + 1))))


def random_word(rng: np.random.Generator) -> str:
    """A name as a maker's or a brand's, four to nine letters."""
    word = str(rng.choice(_WORD_STARTS)) + str(rng.choice(_WORD_MIDDLES))
    if rng.random() < 0.6:
        word += str(rng.choice(_WORD_STARTS[:16])) + str(rng.choice(_WORD_MIDDLES))
    return (word + str(rng.choice(_WORD_ENDS)))[:9]


def random_strength(rng: np.random.Generator) -> str:
    """A strength, with a unit in a third of cases."""
    unit = rng.choice(["", "", "", "", " mg", "mg", " MG", "MG", "mcg"])
    return str(rng.choice(_STRENGTHS)) + str(unit)


def random_token(rng: np.random.Generator) -> str:
    """One line's text."""
    kind = rng.random()
    if kind < 0.34:
        return random_number(rng, 1, 4)
    if kind < 0.54:
        return random_letters(rng, 1, 3)
    if kind < 0.68:
        return random_letters(rng, 1, 2) + str(rng.choice(["", "", " ", "-"])) + random_number(rng, 1, 4)
    if kind < 0.73:
        return random_number(rng, 1, 3) + str(rng.choice(["", " ", "-", "/"])) + random_letters(rng, 1, 2)
    if kind < 0.80:
        return random_number(rng, 1, 3) + str(rng.choice([" ", "-", "/"])) + random_number(rng, 1, 3)
    if kind < 0.90:
        return random_strength(rng)
    if kind < 0.96:
        return random_word(rng)
    return _mixed(rng)


def _mixed(rng: np.random.Generator) -> str:
    pool = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    text = "".join(pool[rng.integers(36)] for _ in range(int(rng.integers(2, 6))))
    if rng.random() < 0.4:
        at = int(rng.integers(1, len(text)))
        text = text[:at] + str(rng.choice(list("&+-./"))) + text[at:]
    return text


def random_case(text: str, rng: np.random.Generator) -> str:
    """Sometimes lower case, as some makers write; what is read is upper case all the same."""
    if len(text) > 1 and text.isalpha():
        draw = rng.random()
        if draw < 0.12:
            return text.lower()
        if draw < 0.25 and len(text) > 3:
            return text.capitalize()
    elif text.isalpha() and rng.random() < 0.08:
        return text.lower()
    return text
