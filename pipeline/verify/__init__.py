"""Is this the pill it should be? One comparison, with the evidence of the match."""

from __future__ import annotations

from pipeline.verify.answers import RuleOut, Verification
from pipeline.verify.check_list import SeenPill, check_list
from pipeline.verify.counted import Counted, counted
from pipeline.verify.expected import described, expected_of
from pipeline.verify.list_file import read_list
from pipeline.verify.list_words import lacking_names, numbered, too_many
from pipeline.verify.listed import CheckedEntry, CheckedPill, ListCheck, ListEntry, PillState
from pipeline.verify.naming import ALERT_MARK, NAMED_MIN, joined
from pipeline.verify.rule_out import drugs_of_names, names_several
from pipeline.verify.verifier import Verifier

__all__ = [
    "ALERT_MARK",
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
    "joined",
    "lacking_names",
    "names_several",
    "numbered",
    "read_list",
    "too_many",
]
