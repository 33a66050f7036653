"""The core's includes run one way, and its kernels use no template of std::."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "src" / "core"
KERNELS = CORE / "kernels"
INTERFACE = CORE / "interface.hpp"

# From the bottom up: a folder of the kernels includes itself and the folders before it.
ORDER = ["vector", "products", "sweeps"]
# Plain C functions and types: no template that the linker could take from another instruction set.
PLAIN = {"memcpy", "memset", "size_t"} | {
    f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".hpp", ".cpp"})


def includes(path: Path) -> list[Path]:
    """The core's own headers that a file includes."""
    names = re.findall(r'^#include "(.+)"', path.read_text(), re.MULTILINE)
    return [(path.parent / name).resolve() for name in names]


def code(path: Path) -> str:
    """The text of a file without its comments."""
    return re.sub(r"//.*|/\*.*?\*/", "", path.read_text())


def rank(path: Path) -> int:
    """The level of a file of the kernels: at the bottom are the files that all folders share."""
    folder = path.relative_to(KERNELS).parts[0]
    if folder in ORDER:
        return ORDER.index(folder)
    return len(ORDER) if path.suffix == ".cpp" else -1


def test_every_include_of_the_core_names_a_file() -> None:
    found = [header for path in sources(CORE) for header in includes(path)]
    assert len(found) > 30
    assert [header for header in found if not header.is_file()] == []


@pytest.mark.parametrize("folder", ["kernels", "host"])
def test_kernels_and_host_share_only_the_interface(folder: str) -> None:
    home = CORE / folder
    for path in sources(home):
        outside = {header for header in includes(path) if home not in header.parents}
        assert outside <= {INTERFACE}, path.name


def test_the_interface_includes_nothing_of_the_core() -> None:
    assert includes(INTERFACE) == []


@pytest.mark.parametrize("path", sources(KERNELS), ids=lambda path: path.stem)
def test_folders_of_the_kernels_include_only_folders_below(path: Path) -> None:
    for header in includes(path):
        if header != INTERFACE:
            assert rank(header) <= rank(path), header.name


def test_the_folders_of_the_kernels_are_those_of_the_order() -> None:
    assert {path.name for path in KERNELS.iterdir() if path.is_dir()} == set(ORDER)
    for below, above in pairwise(ORDER):
        used = {
            header.parent.name for path in sources(KERNELS / above) for header in includes(path)
        }
        assert below in used


@pytest.mark.parametrize("path", [INTERFACE, *sources(KERNELS)], ids=lambda path: path.stem)
def test_kernels_use_only_plain_functions_and_types_of_std(path: Path) -> None:
    text = code(path)
    assert set(re.findall(r"std::(\w+)", text)) <= PLAIN
    assert "using namespace" not in text


@pytest.mark.parametrize("path", [INTERFACE, *sources(KERNELS)], ids=lambda path: path.stem)
def test_kernels_include_only_headers_of_C_and_of_instruction_sets(path: Path) -> None:
    headers = set(re.findall(r"^#include <(.+)>", path.read_text(), re.MULTILINE))
    assert headers <= {"cstdint", "cstring", "cmath", "immintrin.h", "arm_neon.h"}
