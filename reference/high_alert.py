"""Drugs with which a mix-up does most harm, each group with its source.

A product is known by its active moieties (``reference.grouping.drug_strength``). One that its register names by brand
only is known by no drug, so an empty answer means "not known to be one", never "harmless".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reference.grouping import drug_strength
from reference.product import Citation, Product

# All read on 2026-11-29 as stored copies of these pages. The lists name classes with examples; which drugs belong to a
# class is what their labels say of them. ISMP names oral hypoglycemic agents and metformin in an earlier version at the
# same address; the copy of 2021 was cut before them. The FDA says what a narrow therapeutic index is
# (https://fda.gov/drugs/news-events-human-drugs/setting-and-implementing-standards-narrow-therapeutic-index-drugs); no
# list of its own was found, so the one taken is that of a state.
_SOURCES = (
    Citation(
        "ismp-community",
        "ISMP List of High-Alert Medications in Community/Ambulatory Care Settings",
        "https://www.ismp.org/recommendations/high-alert-medications-community-ambulatory-list",
        "reference",
        "2021",
    ),
    Citation(
        "ismp-acute",
        "ISMP List of High-Alert Medications in Acute Care Settings (antiarrhythmics into a vein; here tablets too)",
        "https://docslib.org/doc/13260453/ismp-list-of-high-alert-medications-in-acute-care-settings",
        "reference",
    ),
    Citation(
        "nti-nc",
        "North Carolina Board of Pharmacy: narrow therapeutic index (NTI) drugs",
        "http://ncbop.org/faqs/Pharmacist/faq_NTIDrugs.htm",
        "government",
        "2009-01-27",
    ),
    Citation(
        "cfr-1308",
        "21 CFR 1308.12 to 1308.14: controlled substances, schedules II to IV",
        "http://federal.elaws.us/cfr/21-cfr-1308.14",
        "government",
        "2024-11-08",
    ),
)
CITATIONS: Mapping[str, Citation] = MappingProxyType({source.key: source for source in _SOURCES})

HIGH_ALERT = "high-alert"
"""All the groups together, as a caller names them."""

# Schedules of ``Product.dea_schedule`` that count; V (pregabalin, lacosamide) does not.
SCHEDULES = frozenset({"CII", "CIII", "CIV"})


@dataclass(frozen=True)
class HighAlertGroup:
    """Drugs that are dangerous for one reason; ``citation`` is a key of ``CITATIONS``."""

    name: str
    reason: str
    citation: str
    drugs: frozenset[str]

    @property
    def words(self) -> str:
        """The reason, with the key of the source in brackets."""
        return f"{self.reason} [{self.citation}]"


def _group(name: str, reason: str, citation: str, *drugs: str) -> HighAlertGroup:
    return HighAlertGroup(name, reason, citation, frozenset(", ".join(drugs).split(", ")))


# The first group that a product belongs to gives the reason.
GROUPS = (
    _group(
        "opioids", "an opioid: too much of it can stop the breathing", "ismp-community",
        "buprenorphine, butorphanol, codeine, dihydrocodeine, fentanyl, hydrocodone, hydromorphone, levorphanol",
        "meperidine, methadone, morphine, opium, oxycodone, oxymorphone, pentazocine, propoxyphene, tapentadol",
        "tramadol",
    ),
    _group(
        "methotrexate", "methotrexate: taken daily in place of weekly it can kill", "ismp-community", "methotrexate"
    ),
    _group(
        "oral chemotherapy", "a medicine against cancer: harmful to whoever does not need it", "ismp-community",
        "axitinib, busulfan, capecitabine, chlorambucil, cyclophosphamide, dasatinib, erlotinib, etoposide, gefitinib",
        "hydroxyurea, imatinib, lapatinib, lenalidomide, lomustine, melphalan, mercaptopurine, nilotinib, pazopanib",
        "procarbazine, sorafenib, sunitinib, temozolomide, thalidomide, thioguanine, topotecan, tretinoin",
    ),
    _group(
        "anticoagulants", "an anticoagulant: too much of it causes bleeding, too little clots", "ismp-community",
        "acenocoumarol, apixaban, betrixaban, dabigatran, edoxaban, phenprocoumon, rivaroxaban, warfarin",
    ),
    _group(
        "antidiabetics", "a medicine against diabetes: it can lower the blood sugar dangerously", "ismp-community",
        "acarbose, acetohexamide, alogliptin, canagliflozin, chlorpropamide, dapagliflozin, empagliflozin",
        "ertugliflozin, gliclazide, glimepiride, glipizide, gliquidone, glyburide, linagliptin, metformin, miglitol",
        "mitiglinide, nateglinide, pioglitazone, repaglinide, rosiglitazone, saxagliptin, sitagliptin, tolazamide",
        "tolbutamide, vildagliptin",
    ),
    _group(
        "antiarrhythmics", "a medicine for the heart's rhythm: a wrong dose can itself upset it", "ismp-acute",
        "amiodarone, disopyramide, dofetilide, dronedarone, flecainide, mexiletine, propafenone, quinidine, sotalol",
    ),
    _group(
        "narrow therapeutic index", "little lies between a dose that helps and one that harms", "nti-nc",
        "aminophylline, carbamazepine, cyclosporine, digoxin, ethosuximide, levothyroxine, lithium, phenytoin",
        "procainamide, tacrolimus, theophylline",
    ),
    _group(
        "antiepileptics", "a medicine against seizures: missing or wrong doses can bring them on", "ismp-community",
        "divalproex, lamotrigine, valproate, valproic acid",
    ),
    _group(
        "immunosuppressants", "a medicine that holds the immune system down: the dose must be exact", "ismp-community",
        "azathioprine, everolimus, mycophenolate, mycophenolic acid, sirolimus",
    ),
    _group(
        "pregnancy", "a medicine that harms an unborn child", "ismp-community", "bosentan, isotretinoin"
    ),
    _group(
        "controlled substances", "a controlled substance (schedule II to IV)", "cfr-1308",
        "alprazolam, amphetamine, armodafinil, benzphetamine, butabarbital, butalbital, carisoprodol, chlordiazepoxide",
        "clobazam, clonazepam, clorazepate, daridorexant, dexmethylphenidate, dextroamphetamine, diazepam",
        "diethylpropion, dronabinol, estazolam, eszopiclone, fluoxymesterone, flurazepam, lemborexant",
        "lisdexamfetamine, lorazepam, meprobamate, methamphetamine, methylphenidate, methyltestosterone, midazolam",
        "modafinil, nabilone, oxandrolone, oxazepam, oxymetholone, pentobarbital, perampanel, phendimetrazine",
        "phenobarbital, phentermine, quazepam, secobarbital, solriamfetol, suvorexant, temazepam, triazolam, zaleplon",
        "zolpidem",
    ),
)  # fmt: skip
_CONTROLLED = GROUPS[-1]
_GROUP_OF: Mapping[str, HighAlertGroup] = MappingProxyType(
    {drug: group for group in reversed(GROUPS) for drug in group.drugs}
)


def high_alert(product: Product) -> str:
    """Why the product is a high-alert drug, with the key of the source in brackets; empty where it is not known to be.

    ``an anticoagulant: too much of it causes bleeding, too little clots [ismp-community]``; ``CITATIONS`` has the key.
    """
    group = high_alert_group(product)
    return group.words if group else ""


def high_alert_group(product: Product) -> HighAlertGroup | None:
    """The group that gives the reason, None where the product is not known to be a high-alert drug."""
    found = [group for moiety in drug_strength(product)[0].split(" / ") if (group := _group_of(moiety))]
    if product.dea_schedule in SCHEDULES:
        found.append(_CONTROLLED)
    return min(found, key=GROUPS.index, default=None)


def _group_of(moiety: str) -> HighAlertGroup | None:
    """The group of the drug that the name begins with: ``lithium carbonate`` is lithium."""
    words = moiety.replace(",", " ").split()
    names = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((_GROUP_OF[name] for name in names if name in _GROUP_OF), None)
