"""The command ``pillprint``: one file a command; each reads options, calls the package and prints."""

from pipeline.cli.group import cli, main

__all__ = ["cli", "main"]
