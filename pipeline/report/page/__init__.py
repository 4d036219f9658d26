"""The page a person works from: one component for a batch's report, one answer and a search (``docs/report.md``).

Python makes the words and the JSON; the files beside this one (``page.html``, ``*.css``, ``*.js``) lay them out.
"""

from __future__ import annotations

from pipeline.report.page.answer_page import answers_page
from pipeline.report.page.batch_page import PAGE, BatchReport, BatchView
from pipeline.report.page.document import Document, document, still_page
from pipeline.report.page.pictures import PictureSizes
from pipeline.report.page.view import View, answer_view
from pipeline.report.page.write import About, PageWriter, report_size

__all__ = [
    "PAGE",
    "About",
    "BatchReport",
    "BatchView",
    "Document",
    "PageWriter",
    "PictureSizes",
    "View",
    "answer_view",
    "answers_page",
    "document",
    "report_size",
    "still_page",
]
