"""How much memory the import of one file may take: so much per byte of it, and no more."""

from __future__ import annotations

from slopenet.io.contents import ModelFileError

TIMES_THE_FILE = 16
AT_LEAST = 2**26  # bytes, for small files
MOST_ROWS = 100  # rows of the comparison, where a file does not say how many


class Budget:
    """Bytes that arrays of one import may take together; they are spent before they are taken.

    Parameters
    ----------
    size : int
        Bytes of the file.
    """

    def __init__(self, size: int) -> None:
        self.limit = TIMES_THE_FILE * size + AT_LEAST
        self.left = self.limit
        self._files: set[str] = set()

    def spend(self, size: int, where: str) -> None:
        """Take `size` bytes for `where`, a part of the source as errors name it.

        Raises
        ------
        ModelFileError
            If fewer are left.
        """
        if size > self.left:
            raise ModelFileError(
                f"would take more than {self.limit >> 20} MiB of memory,"
                f" {TIMES_THE_FILE} times its size and {AT_LEAST >> 20} MiB ({where})"
            )
        self.left -= size

    def add_file(self, path: str, size: int) -> None:
        """Count another file of the same import, once."""
        if path not in self._files:
            self._files.add(path)
            self.limit += TIMES_THE_FILE * size
            self.left += TIMES_THE_FILE * size
