"""The sdist has every file of the repository, so that it can be built, tested and read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sdist = pytest.importorskip("tools.sdist", reason="scikit-build-core is not installed")

# Only for the repository itself; made for the sdist.
LEFT_OUT, MADE = {".ci/run"}, {"PKG-INFO"}


def tracked() -> set[str]:
    """The files of the repository, also those that are not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("this is not a clone of the repository")
    return {name for name in found.stdout.splitlines() if (ROOT / name).is_file()}


def test_the_sdist_has_every_file_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = tracked() - LEFT_OUT | MADE
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    files = sdist.contents(tmp_path / sdist.build_sdist(str(tmp_path)))
    assert {"CMakeLists.txt", "LICENSE", "src/core/interface.hpp"} <= wanted
    assert {"examples/steam/steam.csv", "docs/models.md", "benchmarks/peak.cpp"} <= wanted
    assert set(files) == wanted
    assert files["LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_unpacking_again_touches_only_what_has_changed(tmp_path: Path) -> None:
    sdist.unpack({"a.cpp": b"1", "b/c.hpp": b"2", "old.hpp": b"3"}, tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "a.o").touch()
    for path in tmp_path.rglob("*"):
        os.utime(path, (1, 1))
    sdist.unpack({"a.cpp": b"1", "b/c.hpp": b"4", "new.cpp": b"5"}, tmp_path)
    files = {str(p.relative_to(tmp_path)): p for p in tmp_path.rglob("*") if p.is_file()}
    assert set(files) == {"a.cpp", "b/c.hpp", "new.cpp", "build/a.o"}
    assert files["a.cpp"].stat().st_mtime == files["build/a.o"].stat().st_mtime == 1
    assert files["b/c.hpp"].stat().st_mtime > 1
    assert files["b/c.hpp"].read_bytes() == b"4"
