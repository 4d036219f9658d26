"""What ``python -m pipeline.train match`` fits: pills at large, how often things go wrong, and the bars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from typing import Any

from pipeline.match.world import World


@dataclass(frozen=True)
class Shares:
    """How often things are so; each is fitted, docs/trust.md says on what and how."""

    found: float  # of the characters of a token that was found, those that were read
    stray: float  # of the characters that were read with certainty, those that no register names
    broken: float  # of the tokens, those that go on over the end of a line that was read
    missed: float  # of the imprints, those of which a word is missing though each face was read
    hidden: float  # the same, where a face was not shown or not legible: imprints with words on both faces
    further: float  # where one word is missing, the share of imprints of which each further one is
    twin_look: float  # of the products that share an imprint with another drug, those that look alike in a photo
    sibling: float  # expected unlisted products of the same look that differ in just one given character
    look_error: float  # of the products, those whose register errs in a look
    outline_error: float  # of the photos, those whose outline is not the pill's
    register_sigma_mm: float  # registers give whole millimeters and err besides


@dataclass(frozen=True, eq=False)
class MatchModel:
    """All that is fitted for the match.

    ``levels`` gives for each level of risk the probability of drug and strength from which an answer is IDENTIFIED.
    """

    world: World
    shares: Shares
    levels: Mapping[str, float]

    @classmethod
    def load(cls) -> MatchModel:
        """The fitted one that ships."""
        return cls.of(json.loads(resources.files("pipeline").joinpath("weights/match.json").read_text("utf-8")))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> MatchModel:
        """From the plain values of ``weights/match.json``."""
        shares = Shares(**{field.name: values["shares"][field.name] for field in fields(Shares)})
        return cls(World.of(values["world"]), shares, values["levels"])
