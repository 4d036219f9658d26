"""A clump that only the first look shows is the pills that another look shows in its place."""

from __future__ import annotations

import pytest

from pipeline.records import Photo, Pixels
from pipeline.segment.find import Search
from pipeline.segment.pill_maps import PillMaps
from pipeline.settings import SegmentSettings
from tests.test_segment_pill_or_not import Chances, Seen, drawn


@pytest.mark.parametrize(
    ("parts", "radii"), [([65, 135], [40, 32, 32]), ([65], [40])], ids=["two pills", "a part of something"]
)
def test_a_clump_that_only_the_first_look_shows_is_the_pills_that_another_shows(
    parts: list[float], radii: list[int]
) -> None:
    clump, pill = (100.0, 100.0, 60.0), (100.0, 300.0, 40.0)
    again = [pill, *((100.0, col, 32.0) for col in parts)]
    photo = Photo(drawn((400, 500), [clump, pill]), "tray.png")

    def maps(pixels: Pixels, long_side_px: int, mirrored: bool = False, plain: PillMaps | None = None) -> PillMaps:
        return Seen(again if mirrored else [clump, pill])(pixels, long_side_px, mirrored, plain)

    search = Search(SegmentSettings(coarse_px=512, closer_min=9.0), maps, Chances(r60=0.7, r40=0.95, r32=0.8))
    found_px = [max(one.mask.shape) / 2 for one in search(photo)]
    assert found_px == pytest.approx(radii, abs=3)
