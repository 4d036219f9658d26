"""Imprint text: tokens, keys, look-alikes and the turned form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.text.imprints import CHARACTERS, characters, imprint_key, look_alike_key, tokens, upside_down


@pytest.mark.parametrize(
    ("imprint", "expected"),
    [
        ("54;024", ("54", "024")),
        ("240;0;5;WATSON", ("240", "0", "5", "WATSON")),
        ("MUTUAL;105; MUTUAL;105", ("MUTUAL", "105", "MUTUAL", "105")),
        ("a,FO", ("A", "FO")),
        ("SEMPREX-D", ("SEMPREX-D",)),
        ("마크;분할선", ()),
        ("V분할선T", ("V", "T")),
        ("십자분할선2", ("2",)),
        ("BRΛ200", ("BRA200",)),
        ("5½", ("51/2",)),
        ("\uff21\uff22 1", ("AB", "1")),
        ("Bayer™", ("BAYER",)),
        ("Bayer(TM) 5", ("BAYER", "5")),
        ("LASIX;(R)", ("LASIX",)),
        ("TM;R", ("TM", "R")),
        ("А 15", ("A", "15")),  # Cyrillic
        ("РАХ;Τ1", ("PAX", "T1")),  # Cyrillic; Greek
        ("SIMCα", ("SIMC",)),
        ("50 µg", ("50", "G")),
        ("Pfizer logo 5", ("PFIZER", "5")),
        ("LOGOS", ("LOGOS",)),
        ("5 score line 3;bisected", ("5", "3")),
        ("십자 분할선2로고;분활선", ("2",)),
        ("\u1106\u1161\u110f\u1173 7", ("7",)),  # 마크 in single letters, as macOS writes it
        ("-", ()),
        ("", ()),
    ],
)
def test_tokens(imprint: str, expected: tuple[str, ...]) -> None:
    assert tokens(imprint) == expected


def test_keys_do_not_depend_on_order() -> None:
    assert imprint_key("54;024") == imprint_key("024 54") == "024;54"
    assert characters("54;024") == characters("0245 4") == "02445"


@pytest.mark.parametrize(("one", "other"), [("024", "O2A"), ("W45", "M4S"), ("I1L", "111"), ("6", "9"), ("8B", "BB")])
def test_look_alikes(one: str, other: str) -> None:
    assert (look_alike_key(one) == look_alike_key(other)) == (one != "024")


@pytest.mark.parametrize(("token", "turned"), [("M", "W"), ("96", "96"), ("101", "101"), ("024", None), ("N05", "50N")])
def test_upside_down(token: str, turned: str | None) -> None:
    assert upside_down(token) == turned


@given(st.text(max_size=40))
def test_tokens_are_a_fixed_point(text: str) -> None:
    words = tokens(text)
    assert tokens(";".join(words)) == words
    assert all(any(sign in CHARACTERS for sign in word) for word in words)
    assert "".join(sorted(characters(text))) == characters(text)
