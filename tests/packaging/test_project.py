"""pyproject.toml, CHANGELOG.md, CITATION.cff and CMakeLists.txt tell one story."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import slopenet as sn

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Extras of developers; every other one belongs to "all".
OURS = {"all", "test", "targets", "peers", "frameworks", "extras", "lint"}


def packages(extra: str) -> set[str]:
    """What an extra installs, extras of its own resolved."""
    found: set[str] = set()
    for requirement in EXTRAS[extra]:
        inner = re.fullmatch(r"slopenet\[(.*)\]", requirement)
        found |= set().union(*map(packages, inner[1].split(","))) if inner else {requirement}
    return found


def test_the_version_stands_in_one_place_and_the_others_agree() -> None:
    wanted = PROJECT["version"]
    assert sn.__version__ == version("slopenet") == wanted
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [wanted]
    headings = re.findall(r"^## (\S+) \((.*)\)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0][0] == wanted
    released = re.findall(r'^date-released: "(.*)"$', citation, re.MULTILINE)
    assert released == [day for _, day in headings[:1] if day != "unreleased"]


def test_nothing_else_in_the_sources_names_the_version() -> None:
    sources = [*(ROOT / "src").rglob("*.py"), ROOT / "CMakeLists.txt", ROOT / "README.md"]
    assert len(sources) > 100
    named = [path.name for path in sources if f'"{PROJECT["version"]}"' in path.read_text()]
    assert named == []


def test_all_has_every_extra_of_users() -> None:
    wanted = set().union(*(packages(extra) for extra in EXTRAS.keys() - OURS))
    assert packages("all") == wanted
    assert any(each.startswith("matplotlib") for each in packages("plot"))


def test_extras_named_in_messages_and_docs_exist() -> None:
    files = [p for folder in ("src", "docs") for p in (ROOT / folder).rglob("*.[pm][yd]")]
    named = {
        extra
        for path in [*files, ROOT / "README.md"]
        for group in re.findall(r"(?:slopenet|'\.)\[(\w+(?:,\w+)*)\]'", path.read_text())
        for extra in group.split(",")
    }
    assert {"excel", "onnx"} <= named
    assert named <= set(EXTRAS)


def test_the_table_of_steam_comes_with_its_licence() -> None:
    note = (ROOT / "examples" / "steam" / "README.md").read_text()
    assert "**Licence.** `steam.csv`" in note
    assert PROJECT["license"] in note
    assert (
        "steam.csv examples/steam/README.md DESTINATION slopenet/data"
        in (ROOT / "CMakeLists.txt").read_text()
    )


def test_a_missing_compiler_gets_one_sentence(tmp_path: Path) -> None:
    beside = Path(sys.executable).parent / "cmake"
    cmake = str(beside) if beside.exists() else shutil.which("cmake")
    if cmake is None:
        pytest.skip("cmake is not installed")
    if shutil.which("ninja", path=str(beside.parent)) is None:
        pytest.skip("ninja is not installed")
    path = tmp_path / "bin"
    path.mkdir()
    (path / "ninja").symlink_to(beside.parent / "ninja")
    result = subprocess.run(
        [cmake, "-S", str(ROOT), "-B", str(tmp_path / "build"), "-G", "Ninja"],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 1
    said = " ".join(result.stderr.split())
    assert "slopenet is built from source here and needs a C++17 compiler" in said
    assert "apt install g++" in said
    assert said.count("CMake Error") == 1
