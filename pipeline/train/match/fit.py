"""The whole fit, step by step; each step says what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipeline.evaluate.product_index import ProductIndex
from pipeline.match.model import BEST_REGISTER, MatchModel, RegisterErrors, Shares
from pipeline.match.world import ALPHABET
from pipeline.settings import DecideSettings, Settings
from pipeline.train.match import levels, noise
from pipeline.train.match.readings import AS_IT_IS, MUCH_WORSE, WORSE, ReadPhoto, read_photos
from pipeline.train.match.world import fit_world, hidden_share
from reference.store.catalog import Catalog, open_catalog

# Before anything is counted: near enough to align readings with the imprints that they are of.
_BEGIN = Shares(0.98, 0.01, 0.002, 0.4, 0.03, 0.1, 0.01)
_BEGIN_ERRORS = RegisterErrors(0.015, 0.45, 0.05, 0.04, 0.5)
_REGISTERS = ("c3pi", "tfda", "mfds")
_LOOK_ERRORS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05)
_SIGMAS_MM = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8)
_ONE_COLORS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
_SIBLINGS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
# Photos on which the siblings are fitted: every third is enough and takes a third of the time.
_EVERY = 3

Say = Callable[[str], None]


def fit_match(data: Path, work: Path, out: Path, say: Say) -> None:
    """Fit ``weights/match.json`` from the registers and the training photos below ``data``.

    Readings are kept in ``work``: the same command goes on from there.

    Raises:
        PhotoSetError: a photo set is missing or broken.
        CatalogError: a register is missing or broken.
    """
    catalogs = {name: open_catalog(data / "catalog" / f"{name}_pills.csv") for name in _REGISTERS}
    products = {name: list(catalog.products()) for name, catalog in catalogs.items()}
    world = fit_world(products, products["c3pi"])
    world["confusions"] = {character: {character: 1.0} for character in ALPHABET}
    shares = replace(_BEGIN, hidden=hidden_share([*products["tfda"], *products["mfds"]]))
    say(f"world: {len(world['words'])} frequent words, of imprints are one word: {world['one_word']}")
    tables = {name: ProductIndex(products[name]) for name in ("c3pi", "tfda")}
    registers = {"US": _BEGIN_ERRORS, "TW": _BEGIN_ERRORS}
    model = _of(world, shares, registers)
    us = {view: read_photos(data / "rximage300", view, work, say) for view in (AS_IT_IS, WORSE, MUCH_WORSE)}
    taiwan = read_photos(data / "tfda", WORSE, work, say)
    counts = {
        "US": noise.count(us[WORSE], tables["c3pi"], model),
        "TW": noise.count(taiwan, tables["tfda"], model),
    }
    further = noise.count(us[MUCH_WORSE], tables["c3pi"], model)
    world["confusions"] = noise.fit_confusions([counts["US"], further, counts["TW"]], model.world.shares)
    shares = replace(shares, **noise.reading_shares(counts["US"]))
    looked = {
        "US": noise.looked_at([*us[WORSE], *us[MUCH_WORSE]], tables["c3pi"]),
        "TW": noise.looked_at(taiwan, tables["tfda"]),
    }
    registers = {
        market: _fit_register(looked[market], world, shares, market, noise.missing_shares(counts[market]))
        for market in looked
    }
    say(f"registers: {registers}")
    shares = _fit_looks(looked["US"], tables["c3pi"], world, shares, registers)
    say(f"shares: {_rounded(shares)}")
    shares = _fit_siblings(us[WORSE][::_EVERY], catalogs["c3pi"], tables["c3pi"], world, shares, registers, say)
    model = _of(world, shares, registers)
    own = list(levels.answers(us[AS_IT_IS], catalogs["c3pi"], tables["c3pi"], model, Settings()))
    bars = levels.fit_levels(own)
    say(f"levels, on {len(own)} answers: {bars}")
    plain = {market: _rounded(errors) for market, errors in registers.items()}
    _write(out, {"world": world, "shares": _rounded(shares), "registers": plain, "levels": bars})


def _of(world: dict[str, Any], shares: Shares, registers: Mapping[str, RegisterErrors]) -> MatchModel:
    plain = {market: asdict(errors) for market, errors in registers.items()}
    levels = {"one in 100": 0.5, "strict": 0.5}
    return MatchModel.of({"world": world, "shares": asdict(shares), "registers": plain, "levels": levels})


def _fit_register(
    looked: Sequence[noise.Looked], world: dict[str, Any], shares: Shares, market: str, missing: Mapping[str, float]
) -> RegisterErrors:
    """How far the register errs: what is ``missing``, and of looks that under which those of photos are likeliest."""
    errors = replace(_BEGIN_ERRORS, **missing)
    for name, grid in (("size_sigma_mm", _SIGMAS_MM), ("one_color", _ONE_COLORS), ("look_error", _LOOK_ERRORS)):
        tried = {
            value: _of(world, shares, {BEST_REGISTER: errors, market: replace(errors, **{name: value})})
            for value in grid
        }
        errors = replace(errors, **{name: noise.best_share(looked, tried.__getitem__, grid)})
    return errors


def _fit_looks(
    looked: Sequence[noise.Looked],
    table: ProductIndex,
    world: dict[str, Any],
    shares: Shares,
    registers: Mapping[str, RegisterErrors],
) -> Shares:
    contradicts = DecideSettings().contradicts_bits_max
    outline_error = noise.outline_errors(looked, _of(world, shares, registers), contradicts)
    shares = replace(shares, outline_error=outline_error)
    return replace(shares, twin_look=noise.twin_look(looked, table, _of(world, shares, registers)))


def _fit_siblings(
    photos: Sequence[ReadPhoto],
    catalog: Catalog,
    table: ProductIndex,
    world: dict[str, Any],
    shares: Shares,
    registers: Mapping[str, RegisterErrors],
    say: Say,
) -> Shares:
    settings = Settings()
    coverage = catalog.coverage(settings.match.world)
    losses = {}
    for share in _SIBLINGS:
        model = _of(world, replace(shares, sibling=share), registers)
        found = list(levels.answers(photos, catalog, table, model, settings))
        losses[share] = levels.log_loss(found, coverage)
        say(f"sibling {share}: log loss {losses[share]:.4f} on {len(found)} answers")
    return replace(shares, sibling=min(losses, key=losses.__getitem__))


def _rounded(fitted: Shares | RegisterErrors) -> dict[str, float]:
    return {name: round(value, 5) for name, value in asdict(fitted).items()}


def _write(out: Path, values: dict[str, Any]) -> None:
    world = {**values["world"], "words": {k: float(f"{v:.4g}") for k, v in values["world"]["words"].items()}}
    part = out.with_suffix(".part")
    part.write_text(json.dumps({**values, "world": world}, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(out)
