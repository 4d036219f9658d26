"""The files that an answer can be saved as. A new one is a function that saves it and its line here.

Nothing that draws is imported before an answer is saved: the names and their help are quick to have.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.records import Identification, Photo
    from pipeline.report.page.view import PictureOf

    Save = Callable[[Path, Sequence[Photo], Sequence[Identification], PictureOf | None], None]


@dataclass(frozen=True)
class Output:
    """A form of file.

    Attributes:
        help: what the option of ``pillprint identify`` says of it.
        module: where its function is.
        function: saves answers to a file: the file, their photos, the answers, and ``Catalog.picture_of``.
    """

    help: str
    module: str
    function: str

    def save(
        self,
        file: Path,
        photos: Sequence[Photo],
        answers: Sequence[Identification],
        picture_of: PictureOf | None = None,
    ) -> None:
        """Save answers.

        Raises:
            InputError: the file's name does not fit the form, or it cannot be written.
        """
        save: Save = getattr(importlib.import_module(self.module), self.function)
        save(file, photos, answers, picture_of)


OUTPUTS: Mapping[str, Output] = MappingProxyType(
    {
        "overlay": Output("Save the photo with what was found drawn on it.", "pipeline.report.save", "save_overlay"),
        "html": Output("Save the answer as one HTML file.", "pipeline.report.save", "save_html"),
    }
)
"""The forms by the name of their option, in the order in which help lists them."""
