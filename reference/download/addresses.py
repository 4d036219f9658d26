"""Where the registers of each country are published: the one table of addresses.

None could be tried where this was written, which has no network. Each was found, on the day named, in stored copies of
public pages or in public code that downloads from it; ``found`` says where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

# None of the addresses was tried: there was no network where this was written.
_NO_LICENSE = "public domain; no account"


@dataclass(frozen=True)
class Address:
    """A file of a register, or the files of one that comes in parts.

    Attributes:
        register: the importer that reads it, a key of ``REGISTERS``.
        title: what it is.
        url: ``{part}`` stands for the numbers 1, 2, ... of a register in parts.
        file: what it is called when it is here, and on a mirror; with ``{part}`` where it is in parts.
        kind: ``file``; ``parts`` until one is not there; ``pages`` of an interface that wants a key.
        is_zip: it comes as a zip.
        license: under which terms it may be used.
        page: where a person reads of it and downloads it.
        found: where the address was found, and when.
        size: how large it is, as it was said where it was found; empty where nothing was said.
    """

    register: str
    title: str
    url: str
    file: str
    license: str
    page: str
    found: str
    kind: Literal["file", "parts", "pages"] = "file"
    is_zip: bool = False
    size: str = ""


@dataclass(frozen=True)
class Source:
    """What a catalog of that name is built from.

    ``labels`` only where they are asked for; ``joins`` are the registers whose files a person may add.
    """

    title: str
    files: tuple[Address, ...]
    joins: tuple[str, ...]
    labels: tuple[Address, ...] = ()


RXNORM = Address(
    "rxnorm",
    "RxNorm Current Prescribable Content (NLM)",
    "https://download.nlm.nih.gov/rxnorm/RxNorm_full_prescribe_current.zip",
    "RxNorm_full_prescribe_current.zip",
    _NO_LICENSE + ' ("without any licensing restrictions")',
    "https://www.nlm.nih.gov/research/umls/rxnorm/docs/rxnormfiles.html",
    "2026-11-29, in eight public programs that download it; the page, in stored copies of 2023 and 2024, lists the "
    "file of each month as RxNorm_full_prescribe_MMDDYYYY.zip (no license required)",
    is_zip=True,
)
_DAILYMED = "https://dailymed.nlm.nih.gov/dailymed/spl-resources-all-drug-labels.cfm"
_DAILYMED_FOUND = (
    "2026-11-29, in three public programs that download the prescription parts from there; the names of the other "
    "parts in a fourth"
)
LABELS_RX = Address(
    "spl",
    "DailyMed labels, prescription",
    "https://dailymed-data.nlm.nih.gov/public-release-files/dm_spl_release_human_rx_part{part}.zip",
    "dm_spl_release_human_rx_part{part}.zip",
    _NO_LICENSE,
    _DAILYMED,
    _DAILYMED_FOUND,
    "parts",
    True,
    "five or six parts of some 3.5 GB",
)
LABELS_OTC = Address(
    "spl",
    "DailyMed labels, over the counter",
    "https://dailymed-data.nlm.nih.gov/public-release-files/dm_spl_release_human_otc_part{part}.zip",
    "dm_spl_release_human_otc_part{part}.zip",
    _NO_LICENSE,
    _DAILYMED,
    _DAILYMED_FOUND,
    "parts",
    True,
    "more than ten parts",
)
# DailyMed's web service: the labels of one drug, and one label as a zip. Found on 2026-11-29: /spls on DailyMed's own
# page of web services (app-support-web-services.cfm); the zip of a label in nine public programs, one of which says
# that setId is written so.
LABELS_OF_DRUG = "https://dailymed.nlm.nih.gov/dailymed/services/v2/spls.json"
LABEL_ZIP = "https://dailymed.nlm.nih.gov/dailymed/downloadzipfile.cfm"
TFDA = Address(
    "tfda",
    "Taiwan FDA, data set 42: appearance of drugs",
    "https://data.fda.gov.tw/data/opendata/export/42/json",
    "42.json.zip",
    "Open Government Data License of Taiwan, version 1.0; no account",
    "https://data.fda.gov.tw/frontsite/data/DataAction.do?method=doDetail&infoId=42",
    "2026-11-29, in ten public programs; each unpacks a zip with one JSON file",
)
MFDS = Address(
    "mfds",
    "Korea MFDS, identification of tablets and capsules",
    "https://apis.data.go.kr/1471000/MdcinGrnIdntfcInfoService03/getMdcinGrnIdntfcInfoList03",
    "mfds.json",
    "Korea Open Government License, type 1; a free account gives the key",
    "https://www.data.go.kr/data/15057639/openapi.do",
    "2026-11-29, in eight public programs; one says that the versions before 03 are gone, and that an account may ask "
    "1,000 times a day",
    "pages",
    size="some 25,000 rows, 100 at a time",
)
PILLBOX = Address(
    "pillbox",
    "NLM Pillbox, retired on 2021-01-28",
    "https://datadiscovery.nlm.nih.gov/api/views/crzr-uvwg/rows.csv?accessType=DOWNLOAD",
    "pillbox.csv",
    _NO_LICENSE,
    "https://datadiscovery.nlm.nih.gov/Drugs-and-Chemicals/Pillbox-retired-January-28-2021-/crzr-uvwg",
    "2026-11-29, in five public programs that download it",
    size="56 to 80 MB, 83,925 rows",
)

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "us": Source(
            "tablets and capsules prescribed in the US",
            (RXNORM,),
            ("rxnorm", "spl", "pillbox", "c3pi"),
            (LABELS_RX, LABELS_OTC),
        ),
        "tw": Source("tablets and capsules of Taiwan", (TFDA,), ("tfda",)),
        "kr": Source("tablets and capsules of Korea", (MFDS,), ("mfds",)),
        "pillbox": Source("tablets and capsules of the US until 2020, retired ones too", (PILLBOX,), ("pillbox",)),
    }
)

KEY_VARIABLE = "DATA_GO_KR_SERVICE_KEY"
HOW_TO_GET_A_KEY = (
    f"Korea's register wants a key, which is free: make an account at https://www.data.go.kr, open {MFDS.page}, ask "
    f"for its use (활용신청), and hand over the key that your page then shows (일반 인증키) with --key KEY or in the "
    f"environment variable {KEY_VARIABLE}. Or download the table at https://nedrug.mfds.go.kr, and build from its "
    f"folder with --from DIR"
)
