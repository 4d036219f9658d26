"""What ``python -m pipeline.train match`` fits: pills at large, how often things go wrong, and the bars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from typing import Any

from pipeline.match.world import World

BEST_REGISTER = "US"


@dataclass(frozen=True)
class Shares:
    """How often a reading, an imprint or a register is wrong, each way by itself; fitted as docs/trust.md says."""

    found: float  # share of the characters of a found token that are read
    stray: float  # share of the surely read characters that the register does not have
    broken: float  # share of the tokens that are read as two lines
    hidden: float  # share of the imprints of which a word is on a face that was not shown or not legible
    twin_look: float  # share of the products with an imprint of another drug that also look like it in a photo
    sibling: float  # expected unlisted products of the same look that differ in just one given character
    outline_error: float  # share of the photos in which the outline found is not that of the pill


@dataclass(frozen=True)
class RegisterErrors:
    """How far what a register says is not what photos of its products show."""

    look_error: float  # share of the products for which it has a wrong shape, color, score or size
    size_sigma_mm: float  # it gives whole millimeters and errs besides
    one_color: float  # share of its products of two colors of which a photo shows one: print, a band or a thin layer
    missed: float  # share of its imprints of which a word is not found though each face was read: some write logos out
    further: float  # where one word is missing: the probability that a further one is, too


@dataclass(frozen=True, eq=False)
class MatchModel:
    """All that is fitted for the match.

    ``levels`` gives for each level of risk the probability of drug and strength from which an answer is IDENTIFIED,
    ``registers`` for each market whose register has photos how far its register errs.
    """

    world: World
    shares: Shares
    registers: Mapping[str, RegisterErrors]
    levels: Mapping[str, float]

    def register(self, market: str) -> RegisterErrors:
        """The errors of a market's register; without photos those of the best, under which most contradicts."""
        return self.registers.get(market, self.registers[BEST_REGISTER])

    @classmethod
    def load(cls) -> MatchModel:
        """The fitted one that ships."""
        return cls.of(json.loads(resources.files("pipeline").joinpath("weights/match.json").read_text("utf-8")))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> MatchModel:
        """From the plain values of ``weights/match.json``."""
        shares = Shares(**{field.name: values["shares"][field.name] for field in fields(Shares)})
        registers = {market: RegisterErrors(**errors) for market, errors in values["registers"].items()}
        return cls(World.of(values["world"]), shares, registers, values["levels"])
