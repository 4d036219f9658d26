"""Is this the pill it should be? One comparison, with the evidence of the match."""

from __future__ import annotations

from pipeline.verify.answers import RuleOut, Verification
from pipeline.verify.check_list import SeenPill, check_list, numbered
from pipeline.verify.counted import Counted, counted
from pipeline.verify.expected import described, expected_of
from pipeline.verify.list_file import read_list
from pipeline.verify.listed import CheckedEntry, CheckedPill, ListCheck, ListEntry, PillState
from pipeline.verify.naming import NAMED_MIN
from pipeline.verify.rule_out import drugs_of_names, names_several
from pipeline.verify.verifier import Verifier

__all__ = [
    "NAMED_MIN",
    "CheckedEntry",
    "CheckedPill",
    "Counted",
    "ListCheck",
    "ListEntry",
    "PillState",
    "RuleOut",
    "SeenPill",
    "Verification",
    "Verifier",
    "check_list",
    "counted",
    "described",
    "drugs_of_names",
    "expected_of",
    "names_several",
    "numbered",
    "read_list",
]
