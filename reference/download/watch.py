"""What a download tells whoever waits for it."""

from __future__ import annotations

from reference.download.addresses import Address


class DownloadWatch:
    """Is told how a catalog comes about; this one shows nothing."""

    def file(self, address: Address, url: str) -> None:
        """The download of a file begins."""

    def received(self, done: int, total: int | None) -> None:
        """``done`` bytes of the file, or rows of the register, are here; ``total`` is None where it is not known."""

    def products(self, register: str, count: int) -> None:
        """``count`` products of the register are read."""
