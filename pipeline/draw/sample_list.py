"""Which photos the samples are: pills, ground, light, camera, and what is right to answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.draw.spec import Camera, Light

# One face with 024 in white: the baclofen tablet and, where its first line is not seen, the flecainide one.
_ONE_FACE = "AMBIGUOUS;IDENTIFIED"
_LAMP = Light(azimuth_deg=125.0, elevation_deg=38.0, ambient=0.55)
_PHONE = Camera(blur_px=0.7, noise=1.8, jpeg_quality=0)
_ANY_HONEST = "IDENTIFIED;AMBIGUOUS;UNKNOWN;UNREADABLE"
_UNREADABLE = "UNREADABLE;UNKNOWN;NO_PILL;AMBIGUOUS"


@dataclass(frozen=True)
class Sample:
    """One photo to draw. ``looks`` names the pills with their faces (F front, B back) and turns, left to right."""

    name: str
    what: str
    expected: str
    looks: tuple[tuple[str, str, float], ...] = ()
    background: str = "PAPER"
    px_per_mm: float = 16.0
    size_mm: tuple[float, float] = (27.0, 36.0)
    ruler: bool = False
    light: Light = _LAMP
    camera: Camera = _PHONE
    group: str = ""
    expected_group: str = ""
    offset_mm: tuple[float, float] = (0.0, 0.0)
    notes: str = ""


def sample_list() -> list[Sample]:
    """All photos of known tablets."""
    return [*_tablet_024(), *_look_alikes(), *_hard_024()]


def _tablet_024() -> list[Sample]:
    both = (("024", "F", 6.0), ("024", "B", -14.0))
    made = [
        Sample("024_both_gray", "tablet 024, both faces, plain gray", "IDENTIFIED", both, "GRAY", 18.0, (16.0, 26.0)),
        Sample("024_both_paper", "tablet 024, both faces, paper", "IDENTIFIED", both, "PAPER", 18.0, (18.0, 26.0)),
        Sample("024_both_wood", "tablet 024, both faces, wood", "IDENTIFIED", both, "WOOD"),
        Sample("024_both_cloth", "tablet 024, both faces, cloth", "IDENTIFIED", both, "CLOTH"),
        Sample("024_both_tray", "tablet 024, both faces, counting tray", "IDENTIFIED;AMBIGUOUS", both, "TRAY"),
        Sample(
            "024_both_laminate", "tablet 024, both faces, speckled laminate", "IDENTIFIED;AMBIGUOUS", both, "LAMINATE"
        ),
        Sample("024_both_skin", "tablet 024, both faces, a palm's skin", "IDENTIFIED", both, "SKIN"),
        Sample("024_both_slate", "tablet 024, both faces, dark slate", "IDENTIFIED", both, "SLATE"),
        Sample(
            "024_both_ruler",
            "tablet 024, both faces, a ruler",
            "IDENTIFIED",
            both,
            "SLATE",
            15.0,
            (30.0, 44.0),
            ruler=True,
        ),
        Sample(
            "024_both_ruler_wood",
            "tablet 024, both faces, a ruler on wood",
            "IDENTIFIED",
            both,
            "WOOD",
            15.0,
            (30.0, 44.0),
            ruler=True,
        ),
        Sample(
            "024_both_turned",
            "tablet 024, both faces, turned by 137 degrees",
            "IDENTIFIED",
            (("024", "F", 137.0), ("024", "B", 61.0)),
            "WOOD",
        ),
        Sample(
            "024_both_upside_down",
            "tablet 024, both faces, upside down",
            "IDENTIFIED",
            (("024", "F", 180.0), ("024", "B", 90.0)),
            "GRAY",
        ),
        Sample(
            "024_both_large",
            "tablet 024, both faces, close up, 3 megapixels",
            "IDENTIFIED",
            both,
            "GRAY",
            70.0,
            (21.0, 29.0),
            camera=Camera(blur_px=1.6, noise=1.5, jpeg_quality=0),
        ),
        Sample(
            "024_both_small",
            "tablet 024, both faces, 60 px wide",
            "IDENTIFIED;AMBIGUOUS",
            both,
            "GRAY",
            8.6,
            (35.0, 50.0),
        ),
    ]
    for view, side in (("front", "F"), ("back", "B")):
        expected = _ONE_FACE if side == "F" else "UNREADABLE;UNKNOWN;AMBIGUOUS"
        made.append(
            Sample(
                f"024_{view}_paper",
                f"tablet 024, {view} only",
                expected,
                (("024", side, -8.0),),
                "PAPER",
                18.0,
                (18.0, 24.0),
                group="024-paper",
                expected_group="IDENTIFIED",
                notes="one tablet, two photos: front and back",
            )
        )
        made.append(
            Sample(
                f"024_{view}_wood_ruler",
                f"tablet 024, {view} only, a ruler",
                expected,
                (("024", side, 48.0),),
                "WOOD",
                15.0,
                (28.0, 40.0),
                ruler=True,
                group="024-wood-ruler",
                expected_group="IDENTIFIED",
                notes="one tablet, two photos: front and back",
            )
        )
    return made


def _look_alikes() -> list[Sample]:
    pairs = [
        ("alprazolam", "yellow 024 with a logo: alprazolam ODT 1 mg"),
        ("flecainide", "54/024: flecainide 50 mg"),
        ("repaglinide", "P 240: repaglinide 0.5 mg"),
        ("lorazepam", "WATSON 240 0.5: lorazepam 0.5 mg"),
        ("lisinopril", "L 24 and M: lisinopril 10 mg"),
        ("mercaptopurine", "54 420: mercaptopurine 50 mg"),
        ("baclofen-20", "yellow MX 24: baclofen 20 mg"),
        ("anginar", "orange 024: dipyridamole, Taiwan"),
        ("gastrodin", "green U L and 024: cimetidine, Taiwan"),
        ("solfran", "HSP and 024: ambroxol, Korea"),
        ("baclofen-gbn", "G and BN 10: another baclofen 10 mg"),
        ("baclofen-lci", "LCI 1330: another baclofen 10 mg"),
        ("nefazodone", "93 and 1024: nefazodone"),
        ("amoxicillin", "A44: a printed two-color capsule"),
    ]
    grounds = ("GRAY", "PAPER", "WOOD", "SLATE")
    made = []
    for index, (name, what) in enumerate(pairs):
        wide, scale = (58.0, 14.0) if name == "amoxicillin" else (26.0, 24.0) if name == "lorazepam" else (36.0, 16.0)
        made.append(
            Sample(
                f"{name}_both",
                f"{what}, both faces",
                "IDENTIFIED;AMBIGUOUS",
                ((name, "F", 4.0 * index - 30.0), (name, "B", -9.0)),
                grounds[index % 4] if name != "repaglinide" else "SLATE",
                scale,
                (wide * 0.55, wide),
                notes="never baclofen 10 mg TruPharma",
            )
        )
    # One face with one short word need not name anything.
    single = [("alprazolam", "WOOD", ";UNKNOWN"), ("flecainide", "SLATE", ""), ("solfran", "WOOD", ";UNKNOWN")]
    for name, ground, also in single:
        made.append(
            Sample(
                f"{name}_front",
                f"{name}, front only",
                f"IDENTIFIED;AMBIGUOUS{also}",
                ((name, "F", -20.0),),
                ground,
                18.0,
                (18.0, 24.0),
                notes="never baclofen 10 mg TruPharma as the only answer",
            )
        )
    made.append(
        Sample(
            "solfran_back",
            "white 024 of HSP/024 (Korea), back only: cannot be told from the baclofen tablet",
            "AMBIGUOUS",
            (("solfran", "B", 12.0),),
            "GRAY",
            18.0,
            (18.0, 24.0),
        )
    )
    made.append(
        Sample(
            "three_024",
            "three different pills with 024: baclofen, alprazolam, flecainide",
            "AMBIGUOUS;UNKNOWN;UNREADABLE",
            (("024", "F", 10.0), ("alprazolam", "F", -25.0), ("flecainide", "F", 40.0)),
            "WOOD",
            16.0,
            (22.0, 44.0),
            notes="for identify_each; the truth of each pill stands in its order from the left",
        )
    )
    return made


def _hard_024() -> list[Sample]:
    both = (("024", "F", -20.0), ("024", "B", 30.0))
    base = Sample("", "", "", both, "WOOD", 16.0, (18.0, 27.0))
    dark, warm, blurred, shaken = (
        Camera(blur_px=0.8, noise=4.0, exposure=0.28, gamma=1.1, jpeg_quality=0),
        Camera(blur_px=0.8, noise=2.5, jpeg_quality=0),
        Camera(blur_px=3.2, noise=2.0, jpeg_quality=0),
        Camera(blur_px=1.0, motion_px=9.0, noise=2.0, jpeg_quality=0),
    )
    return [
        replace(base, name="024_both_dark", what="tablet 024, both faces, dark", expected=_ANY_HONEST, camera=dark),
        replace(
            base,
            name="024_both_warm",
            what="tablet 024, both faces, warm lamp: white looks yellow",
            expected="IDENTIFIED;AMBIGUOUS",
            camera=warm,
            light=Light(azimuth_deg=40.0, elevation_deg=35.0, color=(1.08, 0.97, 0.74)),
            background="PAPER",
        ),
        replace(
            base,
            name="024_both_blurred",
            what="tablet 024, both faces, out of focus",
            expected=_ANY_HONEST,
            camera=blurred,
        ),
        replace(
            base,
            name="024_both_shaken",
            what="tablet 024, both faces, camera shaken",
            expected=_ANY_HONEST,
            camera=shaken,
        ),
        replace(
            base,
            name="024_both_flat_light",
            what="tablet 024, both faces, light from above: shallow relief",
            expected=_ANY_HONEST,
            background="SLATE",
            light=Light(azimuth_deg=90.0, elevation_deg=78.0, ambient=0.8, occlusion=0.2),
        ),
        replace(
            base,
            name="024_too_blurred",
            what="tablet 024, far out of focus",
            expected=_UNREADABLE,
            camera=Camera(blur_px=11.0, noise=2.0, jpeg_quality=0),
        ),
        replace(
            base,
            name="024_cut_by_border",
            what="tablet 024, front, half of it outside the photo",
            expected=_UNREADABLE,
            looks=(("024", "F", 0.0),),
            offset_mm=(0.0, -13.0),
        ),
    ]
