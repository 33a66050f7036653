"""Imports run one way: a room uses only rooms below it, and nothing optional at the top."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import slopenet

SOURCE = Path(__file__).parent.parent / "src" / "slopenet"

# From the bottom up. A package is one room.
ROOMS = [
    "_core",
    "settings",
    "threads",
    "activations",
    "derivation",
    "frames",
    "arrays",
    "theta",
    "io",
    "record",
    "foreign",
    "plan",
    "derivatives",
    "layers",
    "probes",
    "export",
    "network",
    "imports",
    "backprop",
    "complex_step",
    "check",
    "data",
    "partitions",
    "moments",
    "normal_equations",
    "optimizers",
    "objective",
    "least_squares",
    "distributed",
    "neighbours",
    "agreement",
    "scaling",
    "sgd",
    "ensemble",
    "method",
    "watch",
    "progress",
    "training",
    "candidates",
    "runs",
    "fit",
    "estimator",
    "adapters",
    "report",
    "tables",
    "dask",
    "plot",
    "demo",
    "cli",
    "__main__",
]
# What a fresh `import slopenet` may load; everything else is an extra or waits until it is needed.
OPTIONAL = {"torch", "jax", "keras", "pyarrow", "matplotlib", "pandas", "sklearn", "click", "rich"}
OPTIONAL |= {"onnx", "openmdao", "smt", "casadi", "pyomo", "dask", "distributed"}


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """Rooms of slopenet that a file imports, at the top or in a function."""
    package = ["slopenet", *path.relative_to(SOURCE).parent.parts]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "slopenet" and len(parts) > 1 and parts[1] in ROOMS:
                found.add(parts[1])
    return found


def test_every_file_is_in_a_room() -> None:
    files = {room(path) for path in SOURCE.rglob("*.py")} - {"__init__"}
    assert files | {"_core"} == set(ROOMS)


def test_no_import_runs_upwards() -> None:
    for path in SOURCE.rglob("*.py"):
        here = room(path)
        if here == "__init__":
            continue
        for there in imported_rooms(path) - {here}:
            assert ROOMS.index(there) < ROOMS.index(here), f"{path.name} imports {there}"


def test_an_upward_import_would_be_found(tmp_path: Path) -> None:
    wrong = SOURCE / "derivation.py"
    tree = tmp_path / "x.py"
    tree.write_text(wrong.read_text() + "\nfrom slopenet.network import Network\n")
    assert "network" not in imported_rooms(wrong)
    names = {
        n.module for n in ast.walk(ast.parse(tree.read_text())) if isinstance(n, ast.ImportFrom)
    }
    assert "slopenet.network" in names


def test_import_loads_nothing_optional() -> None:
    code = "import sys, slopenet; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not OPTIONAL & set(loaded.stdout.split())


def test_public_names_exist_and_are_documented() -> None:
    assert sorted(slopenet.__all__) == slopenet.__all__
    for name in slopenet.__all__:
        assert getattr(slopenet, name).__doc__, name


def test_only_the_estimator_needs_scikit_learn() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; import slopenet; from slopenet import *\n"
        "try: slopenet.SlopeRegressor\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == (
        "SlopeRegressor needs scikit-learn 1.6 or later: pip install 'slopenet[sklearn]'.\n"
    )
    with pytest.raises(AttributeError, match="has no attribute 'Slope'"):
        slopenet.Slope  # noqa: B018
