"""``python -m slopenet`` is the command ``slopenet``."""

from slopenet.cli import main

main()
