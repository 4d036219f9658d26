"""pillprint: photos of a tablet or capsule -> what it is, how sure and why, and the drug's monograph::

    from pipeline import identify

    answer = identify("tablet.jpg")
    print(answer.decision, answer.candidates[0].product.name)

Each name is imported when it is first asked for, so that ``import pipeline`` alone is quick and a missing system
library is told as an ``EngineMissingError`` that says what to install.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.answer import Answer
    from pipeline.errors import (
        CatalogError,
        EngineMissingError,
        InputError,
        PhotoError,
        PhotoSetError,
        PillprintError,
    )
    from pipeline.identifier import Identifier, identify, identify_each
    from pipeline.records import Agreement, Candidate, Decision, EvidenceRow, Face, Identification, Photo
    from pipeline.settings import DecideSettings, Settings
    from pipeline.verify import RuleOut, Verification, described
    from reference.product import Monograph, Product
    from reference.store.catalog import Catalog, open_catalog


def _check_reference() -> None:
    """Raise ``ImportError`` where another folder called ``reference`` comes before pillprint's own."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    spec = importlib.util.find_spec("reference")
    places = list(spec.submodule_search_locations or (spec.origin or "",)) if spec else []
    if not any(os.path.samefile(ours, os.path.dirname(place)) for place in places if os.path.exists(place)):
        raise ImportError(
            f"`import reference` finds {places[0] if places else 'nothing'} and not pillprint's own in {ours}; rename "
            "that folder, or run from another one"
        )


_check_reference()

__version__ = "0.1.0"

__all__ = [
    "Agreement",
    "Answer",
    "Candidate",
    "Catalog",
    "CatalogError",
    "DecideSettings",
    "Decision",
    "EngineMissingError",
    "EvidenceRow",
    "Face",
    "Identification",
    "Identifier",
    "InputError",
    "Monograph",
    "Photo",
    "PhotoError",
    "PhotoSetError",
    "PillprintError",
    "Product",
    "RuleOut",
    "Settings",
    "Verification",
    "described",
    "identify",
    "identify_each",
    "open_catalog",
]

_HOMES = {
    "pipeline.answer": ("Answer",),
    "pipeline.errors": (
        "CatalogError",
        "EngineMissingError",
        "InputError",
        "PhotoError",
        "PhotoSetError",
        "PillprintError",
    ),
    "pipeline.identifier": ("Identifier", "identify", "identify_each"),
    "pipeline.records": ("Agreement", "Candidate", "Decision", "EvidenceRow", "Face", "Identification", "Photo"),
    "pipeline.settings": ("DecideSettings", "Settings"),
    "pipeline.verify": ("RuleOut", "Verification", "described"),
    "reference.store.catalog": ("Catalog", "open_catalog"),
    "reference.product": ("Monograph", "Product"),
}


def __getattr__(name: str) -> Any:
    home = next((module for module, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(home), name)
    except ImportError as error:
        from pipeline.doctor import missing_library

        raise (missing_library(error) or error) from error


def __dir__() -> list[str]:
    return __all__
