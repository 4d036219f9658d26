"""The coins whose diameter can give a photo its scale."""

from __future__ import annotations

COINS_MM = {
    "us-cent": 19.05,
    "us-nickel": 21.21,
    "us-dime": 17.91,
    "us-quarter": 24.26,
    "euro-1-cent": 16.25,
    "euro-2-cent": 18.75,
    "euro-5-cent": 21.25,
    "euro-10-cent": 19.75,
    "euro-20-cent": 22.25,
    "euro-50-cent": 24.25,
    "euro-1": 23.25,
    "euro-2": 25.75,
}
"""Diameters in mm: United States Mint, "Coin Specifications"; European Central Bank, "Euro coins: common sides"."""
