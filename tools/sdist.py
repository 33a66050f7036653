"""Make the sdist and unpack it; files that have not changed keep their times.

`make install` builds in the unpacked folder. So a second build compiles only the files that have
changed, and every build proves that the sdist is complete.

    python tools/sdist.py dist build/sdist
"""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path, PurePosixPath

from scikit_build_core.build import build_sdist

BUILT = "build"  # the folder of the compiler's output, inside the unpacked one


def contents(archive: Path) -> dict[str, bytes]:
    """The files of an sdist by their paths, without the folder that they lie in."""
    with tarfile.open(archive) as tar:
        files = [member for member in tar if member.isfile()]
        return {
            str(PurePosixPath(*PurePosixPath(member.name).parts[1:])): opened.read()
            for member in files
            if (opened := tar.extractfile(member)) is not None
        }


def unpack(files: dict[str, bytes], folder: Path) -> None:
    """Make `folder` contain these files and no others, apart from those that were built."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != BUILT and name.as_posix() not in files:
            path.unlink()
    for relative, data in files.items():
        path = folder / relative
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def main(output: str, folder: str) -> None:
    """Write the archive into `output` and its contents into `folder`."""
    Path(output).mkdir(parents=True, exist_ok=True)
    unpack(contents(Path(output) / build_sdist(output)), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
