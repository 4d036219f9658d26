"""Small SPL documents for tests, written by hand after the SPL implementation guide."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def characteristic(code: str, value: str) -> str:
    return f'<subjectOf><characteristic><code code="{code}"/>{value}</characteristic></subjectOf>'


def look(
    imprint: str = "AB;12", color: str = "C48325", shape: str = "C48348", size: str = "7", score: str = "2"
) -> str:
    return (
        characteristic("SPLIMPRINT", f'<value xsi:type="ST">{imprint}</value>')
        + characteristic("SPLCOLOR", f'<value xsi:type="CE" code="{color}" displayName="white"/>')
        + characteristic("SPLSHAPE", f'<value xsi:type="CE" code="{shape}" displayName="ROUND"/>')
        + characteristic("SPLSIZE", f'<value xsi:type="PQ" value="{size}" unit="mm"/>')
        + characteristic("SPLSCORE", f'<value xsi:type="INT" value="{score}"/>')
    )


def product(ndc: str = "1234-567", name: str = "Testol", marks: str = "", extra: str = "") -> str:
    return f"""<subject><manufacturedProduct><manufacturedProduct>
      <code code="{ndc}" codeSystem="2.16.840.1.113883.6.69"/><name>{name}</name>
      <formCode code="C42998" displayName="TABLET"/>
      <asEntityWithGeneric><genericMedicine><name>testol</name></genericMedicine></asEntityWithGeneric>
      <ingredient classCode="ACTIB">
        <quantity><numerator value="10" unit="mg"/><denominator value="1" unit="1"/></quantity>
        <ingredientSubstance><name>TESTOL HYDROCHLORIDE</name>
          <activeMoiety><activeMoiety><name>TESTOL</name></activeMoiety></activeMoiety></ingredientSubstance></ingredient>
      </manufacturedProduct>{marks or look()}{extra}</manufacturedProduct></subject>"""


def document(
    subjects: str = "", set_id: str = "aaaaaaaa-0000-4000-8000-000000000001", version: int = 1, sections: str = ""
) -> bytes:
    return (
        HEAD
        + f"""<document xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <id root="x"/><code code="34391-3"/><title>Testol</title><effectiveTime value="20240315"/>
  <setId root="{set_id}"/><versionNumber value="{version}"/>
  <author><assignedEntity><representedOrganization>
    <name>Test Labs</name></representedOrganization></assignedEntity></author>
  <component><structuredBody>
    <component><section><code code="48780-1"/>{subjects or product()}</section></component>{sections}
  </structuredBody></component></document>"""
    ).encode()


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 3, 15, 0, 0, 0)), data, compression)
    return out.getvalue()
