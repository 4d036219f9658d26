"""How the tablets of the sample photos are drawn: the 024 tablet, what can be mistaken for it, and a few others.

Imprint, color, shape, size and score are those of ``reference/products.csv``. What the sources do not say is
invented: which face carries what where the register does not part them, lettering, bevels, the logo's form.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.draw.spec import Body, Color, FaceSpec, Imprint, Logo, ScoreLine, TextLine

_FONT = "stroke-60-20-0"
_WHITE: Color = (229.0, 229.0, 225.0)
_YELLOW: Color = (235.0, 214.0, 120.0)
_ORANGE: Color = (226.0, 138.0, 74.0)
_GREEN: Color = (140.0, 186.0, 138.0)
_PINK: Color = (222.0, 160.0, 164.0)
_FULL = (ScoreLine(turn_deg=0.0, start=-1.0, end=1.0, width=0.07, depth=0.1),)


@dataclass(frozen=True)
class Look:
    """One product as drawn: its faces, and what the manifest says of it."""

    product_id: str
    front: FaceSpec
    back: FaceSpec
    length_mm: float
    colors: str
    score: int


def looks() -> dict[str, Look]:
    """The products the samples show, by a short name."""
    return {
        "024": _round(
            "pillprint:baclofen-10-trupharma-024", 7.0, _WHITE, "WHITE", [_text("024", 0.62)], [], 2, back_scores=_FULL
        ),
        "alprazolam": _round(
            "pillprint:00228-4024-11",
            8.0,
            _YELLOW,
            "YELLOW",
            [_text("024", 0.5, v=0.32)],
            [],
            2,
            back_scores=_FULL,
            logo=Logo(0.0, -0.42, 0.24, _SHIELD, 0.22),
        ),
        "flecainide": _round(
            "pillprint:00054-0010-25",
            6.0,
            _WHITE,
            "WHITE",
            [_text("54", 0.5, v=-0.34), _text("024", 0.5, v=0.34)],
            [],
            1,
        ),
        "repaglinide": _round(
            "pillprint:00574-0240-01", 6.0, _WHITE, "WHITE", [_text("P", 0.8)], [_text("240", 0.6)], 1
        ),
        "lorazepam": _round(
            "pillprint:00591-0240-01",
            5.0,
            _WHITE,
            "WHITE",
            [_arc("WATSON")],
            [_text("240", 0.44, v=-0.42), _text("0.5", 0.44, v=0.44)],
            2,
            back_scores=_FULL,
        ),
        "lisinopril": _round(
            "pillprint:00378-2074-01",
            8.0,
            _WHITE,
            "WHITE",
            [_text("M", 0.9)],
            [_text("L", 0.45, v=-0.34), _text("24", 0.45, v=0.34)],
            1,
        ),
        "mercaptopurine": _round(
            "pillprint:00054-4581-11",
            10.0,
            _YELLOW,
            "YELLOW",
            [_text("54", 0.42, v=-0.4), _text("420", 0.42, v=0.42)],
            [],
            2,
            front_scores=_FULL,
        ),
        "baclofen-20": _round(
            "pillprint:baclofen-20-mx24",
            9.0,
            _YELLOW,
            "YELLOW",
            [_text("MX", 0.42, v=-0.42), _text("24", 0.42, v=0.42)],
            [],
            2,
            front_scores=_FULL,
        ),
        "anginar": _round(
            "pillprint:tfda-041548", 6.0, _ORANGE, "ORANGE", [_text("024", 0.6)], [], 1, profile="CONVEX"
        ),
        "gastrodin": _round(
            "pillprint:tfda-022903",
            9.0,
            _GREEN,
            "GREEN",
            [_text("U", 0.6, u=-0.45), _text("L", 0.6, u=0.45)],
            [_text("024", 0.55)],
            2,
            front_scores=(ScoreLine(turn_deg=90.0, width=0.07, depth=0.1),),
        ),
        "solfran": _round(
            "pillprint:mfds-198800355", 7.6, _WHITE, "WHITE", [_text("HSP", 0.55)], [_text("024", 0.55)], 1
        ),
        "baclofen-gbn": _round(
            "pillprint:00378-6010-01",
            7.0,
            _WHITE,
            "WHITE",
            [_text("G", 0.9)],
            [_text("BN", 0.42, v=-0.42), _text("10", 0.42, v=0.44)],
            2,
            back_scores=_FULL,
        ),
        "baclofen-lci": _round(
            "pillprint:00527-1330-10",
            9.0,
            _WHITE,
            "WHITE",
            [_text("LCI", 0.42, v=-0.34), _text("1330", 0.42, v=0.34)],
            [],
            2,
            back_scores=_FULL,
        ),
        "nefazodone": _oval("pillprint:00093-1024-06", 12.0, 1.7, _WHITE, "WHITE", "93", "1024"),
        "amoxicillin": _capsule(),
    }


def _text(text: str, cap: float, u: float = 0.0, v: float = 0.0) -> TextLine:
    return TextLine(text, _FONT, cap, u=u, v=v, spacing=0.22)


def _arc(text: str) -> TextLine:
    return TextLine(text, _FONT, 0.32, spacing=0.3, arc_radius=0.62)


def _round(
    product_id: str,
    length_mm: float,
    color: Color,
    colors: str,
    front: list[TextLine],
    back: list[TextLine],
    score: int,
    *,
    front_scores: tuple[ScoreLine, ...] = (),
    back_scores: tuple[ScoreLine, ...] = (),
    logo: Logo | None = None,
    profile: str = "BEVELED",
) -> Look:
    body = Body(
        shape="ROUND", profile=profile, bevel=0.13, dome=0.15, edge=0.05, color=color, grain=0.012, gloss=0.04, wear=0.5
    )
    imprint = Imprint("DEBOSSED", weight=0.13, depth=0.55, bevel=0.8)
    logos = () if logo is None else (logo,)
    return Look(
        product_id,
        FaceSpec(100.0, body, imprint, tuple(front), front_scores, logos),
        FaceSpec(100.0, body, imprint, tuple(back), back_scores),
        length_mm,
        colors,
        score,
    )


def _oval(product_id: str, length_mm: float, aspect: float, color: Color, colors: str, front: str, back: str) -> Look:
    body = Body(
        shape="OVAL",
        aspect=aspect,
        profile="CONVEX",
        dome=0.25,
        edge=0.06,
        color=color,
        grain=0.01,
        gloss=0.1,
        wear=0.5,
    )
    imprint = Imprint("DEBOSSED", weight=0.13, depth=0.5, bevel=0.8)
    score = (ScoreLine(turn_deg=90.0, width=0.07, depth=0.1),)
    return Look(
        product_id,
        FaceSpec(100.0, body, imprint, (_text(front[0], 0.7, u=-0.6), _text(front[1], 0.7, u=0.6)), score),
        FaceSpec(100.0, body, imprint, (_text(back, 0.7),)),
        length_mm,
        colors,
        2,
    )


def _capsule() -> Look:
    body = Body(
        shape="CAPSULE",
        aspect=2.5,
        roundness=0.0,
        profile="SHELL",
        color=(88.0, 130.0, 190.0),
        second_color=_PINK,
        seam=0.1,
        grain=0.0,
        gloss=0.5,
        wear=0.05,
    )
    imprint = Imprint("PRINTED", weight=0.13, ink=(28.0, 28.0, 30.0), bleed=1.0)
    line = TextLine("A44", "aileron", 0.6, u=1.15, spacing=0.16)
    return Look(
        "pillprint:16714-0298-01",
        FaceSpec(100.0, body, imprint, (line,)),
        FaceSpec(100.0, body, imprint),
        19.0,
        "BLUE;PINK",
        1,
    )


_SHIELD = (((-0.8, -0.9), (0.8, -0.9), (0.8, 0.2), (0.0, 1.0), (-0.8, 0.2), (-0.8, -0.9)), ((-0.4, -0.3), (0.4, -0.3)))
