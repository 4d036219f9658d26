"""Drug names and strengths as registers write them, brought to one form.

``strength_of`` keeps a register's own units, for showing; ``amounts_of`` brings them to one unit, for comparing.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

# Last words of an ingredient that name its salt or its water, not its active moiety: the moiety names the drug (FDA
# guidance "Naming of Drug Products Containing Salt Drug Substances", June 2015, after the USP salt policy;
# https://www.fda.gov/regulatory-information/search-fda-guidance-documents/naming-drug-products-containing-salt-drug-substances).
# The words are those that stand last in the ingredients of C3PI, TFDA, MFDS and the sample labels, their British
# spellings and short forms. Esters (medoxomil, mofetil, ethylsuccinate), nitrates that are the drug (mononitrate) and
# salts that are (hippurate, mandelate, salicylate) are not among them. "potassium chloride" and the like keep theirs.
_SALTS = frozenset(
    {
        "acetate", "anhydrous", "arginine", "aspartate", "besilate", "besylate", "bisulfate", "bisulphate",
        "bitartrate", "bromide", "calcium", "camsylate", "carbonate", "chloride", "citrate", "dihydrate",
        "dihydrochloride", "diphosphate", "dipotassium", "disodium", "ditosylate", "edisylate", "erbumine",
        "ethanolate", "fumarate",
        "gluconate", "hbr", "hcl", "hemifumarate", "hemihydrate", "hydrate", "hydrobromide", "hydrochloride",
        "hydrogen", "hyclate", "lactate", "lysinate", "magnesium", "malate", "maleate", "mesilate", "mesylate",
        "methanesulfonate", "monohydrate", "monohydrochloride", "napadisilate", "napsylate",
        "nitrate", "oxalate", "pam", "pamoate", "pentahydrate",
        "phosphate", "potassium", "saccharate", "sesquihydrate", "sodium", "succinate", "sulfate", "sulphate",
        "tartrate", "tetrahydrate", "tosylate", "trihydrate", "tromethamine",
    }
)  # fmt: skip
_METALS = frozenset(
    {
        "aluminum",
        "ammonium",
        "calcium",
        "ferric",
        "ferrous",
        "iron",
        "lithium",
        "magnesium",
        "potassium",
        "sodium",
        "zinc",
    }
)
# Moieties of which two salts are two products in the same strengths, so that the salt belongs to the drug's name:
# metoprolol succinate 50 and 100 mg are tablets of extended release, metoprolol tartrate 50 and 100 mg are not
# (openFDA's NDC records of 70436-183, 69097-408, 71610-147 and 82804-979, read 2026-11-29 as stored on
# https://api.fda.gov/drug/ndc.json?search=product_ndc:"70436-183" and so on).
_SALTS_APART = {"metoprolol": frozenset({"succinate", "tartrate"})}
# One drug under its International Nonproprietary Name and its US or older British name; the US name stands first.
# a: http://pd2016.palliativedrugs.com/drug-names.html, table 1; b: https://www.antonimaroto.com/post/discrepancies;
# both read 2026-11-29 as stored. Two names that no source was read for are two drugs here, never guessed to be one.
_NAMES_OF_ONE = (
    ("acetaminophen", "paracetamol"),  # b
    ("albuterol", "salbutamol"),  # b
    ("amobarbital", "amylobarbitone"),  # a
    ("bendroflumethiazide", "bendrofluazide"),  # a
    ("chlorpheniramine", "chlorphenamine"),  # a
    ("dextroamphetamine", "dexamfetamine", "dexamphetamine"),  # a
    ("dicyclomine", "dicycloverine"),  # a
    ("diethylstilbestrol", "stilboestrol"),  # a
    ("dothiepin", "dosulepin"),  # a
    ("epinephrine", "adrenaline"),  # a
    ("glyburide", "glibenclamide"),  # a, b
    ("isoproterenol", "isoprenaline"),  # b
    ("meperidine", "pethidine"),  # b
    ("metaproterenol", "orciprenaline"),  # b
    ("propoxyphene", "dextropropoxyphene"),  # a
    ("trimeprazine", "alimemazine"),  # a
)
_NAME = {other: names[0] for names in _NAMES_OF_ONE for other in names}
_OTHERS = {name: names for names in _NAMES_OF_ONE for name in names}

_FORMS = re.compile(
    r"\b(tablets?|tabs?|capsules?|caps?|caplets?|usp|film|coated|extended|delayed|release|orally|disintegrating|"
    r"chewable|softgels?|oral|enteric|immediate|dispersible)\b|[®™*]",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*(?:,|;|/|\+|&|\band\b|\bwith\b)\s*", re.IGNORECASE)
_NUMBER = r"\d+(?:[.,]\d+)*"
# "5/10 MG" and "500-20MG" are two amounts of one unit, as combinations are named; "B12-5 mg" is one.
_AMOUNT = re.compile(
    rf"((?:(?<![A-Za-z0-9.,]){_NUMBER}\s*[/-]\s*)*{_NUMBER})\s*(mg|milligram|mcg|μg|µg|ug|microgram|ng|g|gm|meq|mmol|units?|unt|iu|ml|%|"
    r"밀리그램|밀리그람|마이크로그램|그램|毫克|公絲|微克)(?![a-z])",
    re.IGNORECASE,
)
_UNIT = {
    "μg": "mcg", "µg": "mcg", "ug": "mcg", "microgram": "mcg", "gm": "g", "milligram": "mg", "meq": "mEq",
    "unit": "unit", "units": "unit", "iu": "IU", "밀리그램": "mg", "밀리그람": "mg", "마이크로그램": "mcg", "그램": "g",
    "毫克": "mg", "公絲": "mg", "微克": "mcg", "ml": "mL",
}  # fmt: skip
_IN_MG = {"ng": Decimal("0.000001"), "mcg": Decimal("0.001"), "mg": Decimal(1), "g": Decimal(1000)}
# RxNorm writes every kind of unit as UNT, labels the same amounts as units or international units.
_ONE_UNIT = {"unt": "unit", "IU": "unit"}
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
# Searches group many products of few drugs; a text is taken apart once.
_KEPT = 4096
# What a brand stands beside in a product's name: ingredients in brackets, the maker in quotes, how it is coated.
_BESIDE_BRAND = re.compile(r"\([^()]*\)|（[^（）]*）|\"[^\"]*\"|“[^“”]*”|\b[fse]\.?c\.(?=\W|$)", re.IGNORECASE)


def active_moiety(ingredient: str) -> str:
    """An ingredient in lower case without its salt: ``Hydroxyzine Pamoate`` gives ``hydroxyzine``."""
    words = _plain(ingredient).strip(" .,-").split()
    while len(words) > 1 and words[0] not in _METALS and words[-1] in _SALTS:
        words.pop()
    return " ".join(words)


@lru_cache(_KEPT)
def one_name(ingredient: str) -> str:
    """The active moiety under one name wherever it is sold: ``Paracetamol`` gives ``acetaminophen``.

    An amount or an empty bracket that the register left in the name is no part of it.
    """
    moiety = active_moiety(_AMOUNT.sub(" ", _BESIDE_BRAND.sub(" ", ingredient)))
    return _NAME.get(moiety, moiety)


@lru_cache(_KEPT)
def with_salt(ingredient: str) -> str:
    """``one_name``, with the salt where two salts of that moiety are two products of the same strengths."""
    name = one_name(ingredient)
    salts = [word for word in _plain(ingredient).split() if word in _SALTS_APART.get(name, ())]
    return f"{name} {salts[0]}" if salts else name


def names_of(name: str) -> tuple[str, ...]:
    """All names of the drug of that name, itself first: ``paracetamol`` gives acetaminophen too."""
    return tuple(dict.fromkeys((name, *_OTHERS.get(name, ()))))


def same_moiety(name: str, other: str) -> bool:
    """Whether two names of ``with_salt`` are one drug; where one of them does not say the salt, the moiety decides."""
    return name == other or name == _without_salt(other) or _without_salt(name) == other


def _without_salt(name: str) -> str:
    moiety, _, salt = name.rpartition(" ")
    return moiety if salt in _SALTS_APART.get(moiety, ()) else name


def _plain(text: str) -> str:
    return " ".join(_FORMS.sub(" ", text.lower()).split())


def ingredients_of(text: str) -> tuple[str, ...]:
    """The ingredients that a generic name joins by commas, slashes or "and", in lower case, in the order given."""
    return tuple(dict.fromkeys(name for part in _AND.split(_plain(text)) if (name := part.strip(" .-"))))


@lru_cache(_KEPT)
def brand_of(name: str) -> str:
    """What is left of a product's name without ingredients in brackets, maker in quotes, strength and dosage form."""
    text = _AMOUNT.sub(" ", _BESIDE_BRAND.sub(" ", name))
    return " ".join(_plain(text).replace(".", " ").strip(" ,-/").split())


def without_amounts(name: str) -> str:
    """What is left of a name without the amounts in it."""
    return " ".join(_AMOUNT.sub(" ", name).split())


def drug_of(ingredients: tuple[str, ...]) -> str:
    """The active moieties in alphabetical order, joined by `` / ``."""
    return " / ".join(sorted({active_moiety(ingredient) for ingredient in ingredients} - {""}))


def strength_of(text: str) -> str:
    """The amounts that a product's name gives, as ``10 mg`` or ``10 mg / 20 mg``; empty where it gives none."""
    found = dict.fromkeys((numbers, _unit(unit)) for numbers, unit in _AMOUNT.findall(text))
    return " / ".join(f"{_number(number)} {unit}" for numbers, unit in found for number in re.split("[/-]", numbers))


@lru_cache(_KEPT)
def amounts_of(strength: str) -> tuple[tuple[str, str], ...]:
    """Each amount of a strength in one unit, with the ingredient's name where the text writes it before the amount.

    ``25 mcg`` and ``0.025MG`` give ``("", "0.025 mg")``, ``amlodipine 5 mg / Benazepril 10 mg`` the two names. A text
    without any amount stands for itself.
    """
    found: list[tuple[str, str]] = []
    end = 0
    for match in _AMOUNT.finditer(strength):
        name = strength[end : match.start()].strip(" /,;+&-")
        numbers = re.split("[/-]", match[1])
        found += [(name if len(numbers) == 1 else "", _in_one_unit(number, match[2])) for number in numbers]
        end = match.end()
    plain = strength.casefold().replace(" ", "")
    return tuple(found) or ((("", plain),) if plain else ())


def _in_one_unit(number: str, unit: str) -> str:
    value, unit = _number(number), _unit(unit)
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return f"{value} {unit}"
    if unit in _IN_MG:
        amount, unit = amount * _IN_MG[unit], "mg"
    return f"{amount.normalize():f} {_ONE_UNIT.get(unit, unit)}"


def _unit(text: str) -> str:
    return _UNIT.get(text.lower(), text.lower())


def _number(text: str) -> str:
    """``1,000`` is a thousand, ``0,5`` a half."""
    value = text.strip()
    value = value.replace(",", "") if _THOUSANDS.fullmatch(value) else value.replace(",", ".")
    return value.rstrip("0").rstrip(".") if value.count(".") == 1 else value
