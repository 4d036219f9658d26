"""Drug names and strengths as registers write them, brought to one form."""

from __future__ import annotations

import re

# Trailing words of an ingredient that name its salt, not its active moiety (FDA guidance "Naming of Drug Products
# Containing Salt Drug Substances", after the USP salt policy). "potassium chloride" and the like keep theirs.
_SALTS = frozenset(
    {
        "acetate", "anhydrous", "besilate", "besylate", "bitartrate", "bromide", "calcium", "camsylate", "carbonate",
        "chloride", "citrate", "dihydrate", "dihydrochloride", "diphosphate", "disodium", "edisylate", "fumarate",
        "gluconate", "hcl", "hemihydrate", "hydrate", "hydrobromide", "hydrochloride", "hydrogen", "hyclate",
        "lactate", "magnesium", "malate", "maleate", "mesilate", "mesylate", "monohydrate", "monohydrochloride",
        "napsylate", "nitrate", "pam", "pamoate", "phosphate", "potassium", "saccharate", "sodium", "succinate",
        "sulfate", "sulphate", "tartrate", "tosylate", "trihydrate", "tromethamine",
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
_FORMS = re.compile(
    r"\b(tablets?|tabs?|capsules?|caps?|caplets?|usp|film|coated|extended|delayed|release|orally|disintegrating|"
    r"chewable|softgels?|oral|enteric|immediate|dispersible)\b|[®™*]",
    re.IGNORECASE,
)
_AND = re.compile(r"\s*(?:,|;|/|\+|&|\band\b|\bwith\b)\s*", re.IGNORECASE)
_AMOUNT = re.compile(
    r"(\d+(?:[.,]\d+)*)\s*(mg|mcg|μg|µg|ug|microgram|g|gm|meq|units?|iu|ml|%|밀리그램|밀리그람|마이크로그램|그램|毫克|公絲|微克)(?![a-z])",
    re.IGNORECASE,
)
_UNIT = {
    "μg": "mcg", "µg": "mcg", "ug": "mcg", "microgram": "mcg", "gm": "g", "meq": "mEq", "unit": "unit",
    "units": "unit", "iu": "IU", "밀리그램": "mg", "밀리그람": "mg", "마이크로그램": "mcg", "그램": "g",
    "毫克": "mg", "公絲": "mg", "微克": "mcg", "ml": "mL",
}  # fmt: skip


def active_moiety(ingredient: str) -> str:
    """An ingredient in lower case without its salt: ``Hydroxyzine Pamoate`` gives ``hydroxyzine``."""
    words = " ".join(_FORMS.sub(" ", ingredient.lower()).split()).strip(" .,-").split()
    while len(words) > 1 and words[0] not in _METALS and words[-1] in _SALTS:
        words.pop()
    return " ".join(words)


def ingredients_of(text: str) -> tuple[str, ...]:
    """The ingredients that a generic name joins by commas, slashes or "and", in lower case, in the order given."""
    plain = " ".join(_FORMS.sub(" ", text.lower()).split())
    return tuple(dict.fromkeys(name for part in _AND.split(plain) if (name := part.strip(" .-"))))


def drug_of(ingredients: tuple[str, ...]) -> str:
    """The active moieties in alphabetical order, joined by `` / ``."""
    return " / ".join(sorted({active_moiety(ingredient) for ingredient in ingredients} - {""}))


def strength_of(text: str) -> str:
    """The amounts that a product's name gives, as ``10 mg`` or ``10 mg / 20 mg``; empty where it gives none."""
    amounts = [f"{_number(number)} {_UNIT.get(unit.lower(), unit.lower())}" for number, unit in _AMOUNT.findall(text)]
    return " / ".join(dict.fromkeys(amounts))


def _number(text: str) -> str:
    value = text.replace(",", "")
    return value.rstrip("0").rstrip(".") if "." in value else value
