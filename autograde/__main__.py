"""``python -m autograde``."""

from autograde.cli import program

program()
