"""Where the catalogs of this user lie, by name: ``catalog get`` puts them there and every command finds them there.

The folder is the user's data folder (``platformdirs``; on Linux ``~/.local/share/pillprint/catalogs``), or the one that
the environment variable ``PILLPRINT_CATALOGS`` names. It holds one ``NAME.sqlite`` each; the file ``default`` holds the
name of the one that is asked where none is named.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

from reference.errors import CatalogError

INSIDE = "inside"
"""The name of the catalog inside the package."""
FOLDER_VARIABLE = "PILLPRINT_CATALOGS"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def catalogs_folder() -> Path:
    """Where the catalogs lie; it need not exist."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else platformdirs.user_data_path("pillprint", appauthor=False) / "catalogs"


def path_of(name: str) -> Path:
    """Where the catalog of that name lies, or would; raises ``CatalogError`` where it is no name."""
    if not _NAME.fullmatch(name) or name == INSIDE:
        raise CatalogError(f"{name!r} is no name of a catalog: use small letters, digits, - and _")
    return catalogs_folder() / f"{name}.sqlite"


def paths() -> tuple[Path, ...]:
    """The catalogs that lie there, by name."""
    return tuple(sorted(path for path in catalogs_folder().glob("*.sqlite") if _NAME.fullmatch(path.stem)))


def default_name() -> str:
    """The name of the catalog to ask where none is named; ``INSIDE`` where none was chosen."""
    try:
        name = (catalogs_folder() / "default").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return INSIDE
    return name if _NAME.fullmatch(name) else INSIDE


def has_choice() -> bool:
    """Whether it was ever chosen which catalog is asked where none is named."""
    return (catalogs_folder() / "default").exists()


def use(name: str) -> None:
    """Make an installed catalog, or ``INSIDE``, the one to ask where none is named.

    Raises ``CatalogError`` where it is not installed, or the choice cannot be written.
    """
    if name != INSIDE and not path_of(name).is_file():
        raise CatalogError(f"no catalog {name!r} is installed; pillprint catalog list names those that are")
    told = catalogs_folder() / "default"
    partial = told.with_name(f".default.{os.getpid()}.partial")
    try:
        told.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(f"{name}\n", "utf-8")
        os.replace(partial, told)
    except OSError as error:
        raise CatalogError(f"cannot write {told}: {error.strerror or error}") from error


def default_path() -> Path | None:
    """The catalog to ask where none is named; None is the one inside.

    Raises ``CatalogError`` where the chosen one is gone.
    """
    name = default_name()
    if name != INSIDE and not path_of(name).is_file():
        raise CatalogError(
            f"the default catalog {name!r} is not installed any more; get it again with: pillprint catalog get {name}, "
            f"or choose another with: pillprint catalog use inside"
        )
    return None if name == INSIDE else path_of(name)


def find(named: str | os.PathLike[str]) -> Path | None:
    """The catalog that a person means: a file, or an installed one by its name; None is the one inside.

    A file of that name goes before an installed catalog. Raises ``CatalogError`` where there is neither.
    """
    text = os.fspath(named)
    if os.path.lexists(named) or not _NAME.fullmatch(text):
        return Path(named)
    if text == INSIDE:
        return None
    if path_of(text).is_file():
        return path_of(text)
    raise CatalogError(
        f"no catalog {text!r}: neither a file here nor installed; pillprint catalog list names those that are, "
        f"pillprint catalog get --help those that can be had"
    )
