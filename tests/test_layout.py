"""Imports run one way: a package imports only packages above it in the list."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import slopenet

SOURCE = Path(__file__).parent.parent / "src" / "slopenet"

# From the bottom up. Within a package its own list holds.
PACKAGES = [
    "_core",
    "_types",
    "_tails",
    "activations",
    "softmax",
    "derivation",
    "parameters",
    "validate",
    "maps",
    "io",
    "html",
    "evaluate",
    "posterior",
    "exporters",
    "network",
    "composition",
    "dataset",
    "training",
    "optimize",
    "gradcheck",
    "importers",
    "progress",
    "estimator",
    "adapters",
    "tables",
    "dask",
    "plot",
    "demo",
    "cli",
    "__main__",
]
# Types, which have no docstring.
ALIASES = {"ActivationName", "ActivationSpec", "LossName", "MethodName"}
ALIASES |= {"PosteriorName", "TransformName"}

# Packages that a fresh `import slopenet` must not load: they wait until they are needed.
OPTIONAL = {"torch", "jax", "keras", "pyarrow", "matplotlib", "pandas", "sklearn", "click", "rich"}
OPTIONAL |= {
    "h5py",
    "openpyxl",
    "onnx",
    "openmdao",
    "smt",
    "casadi",
    "pyomo",
    "botorch",
    "dask",
    "distributed",
}


# Modules of a package whose modules have an order of their own.
WITHIN = {
    "validate": ["headings", "settings", "components", "frames", "arrays", "layers"],
    "io": [
        "files",
        "card",
        "contents",
        "stored_layer",
        "layout",
        "stored_card",
        "stored_posterior",
        "parse",
        "checkpoint",
        "model_file",
    ],
    "maps": ["affine", "transformers", "scaling"],
    "html": ["elements", "curve", "pages", "bar"],
    "evaluate": [
        "agreement",
        "instruction_set",
        "threads",
        "plan",
        "page",
        "probe_points",
        "array_api",
        "derivatives",
        "model",
        "errors",
        "table",
    ],
    "dataset": [
        "dataset",
        "answers",
        "distinct",
        "ranges",
        "decades",
        "partitions",
        "moments",
        "scaling",
        "noise",
        "neighbours",
        "made_up",
        "slope_diagnosis",
    ],
    "training": [
        "problem",
        "objective",
        "optimizers",
        "kriging",
        "backprop",
        "higham",
        "whiteness",
        "methods",
        "ensemble",
        "course",
        "monitor",
        "checks",
        "settings",
        "entrants",
        "plan",
        "rescue",
        "progress",
        "quality",
        "transform",
        "coordinates",
        "start",
        "outlook",
        "judge",
        "rivals",
        "laplace",
        "deviations",
        "levels",
        "given",
        "session",
        "shape",
        "starts",
        "race",
        "attempts",
        "contest",
        "outcome",
        "fit",
    ],
    "training.objective": [
        "normal_equations",
        "residuals",
        "gradient",
        "least_squares",
        "robust",
        "partitioned",
    ],
    "training.kriging": [
        "process",
        "processes",
        "known",
        "problem",
        "likelihood",
        "sines",
        "teacher",
        "optimizer",
    ],
    "training.shape": [
        "constraints",
        "search",
        "slack",
        "wide",
        "nearest",
        "problem",
        "rounds",
        "violations",
        "shape",
    ],
    "training.optimizers": [
        "batches",
        "reweighing",
        "adam",
        "momentum",
        "lbfgs",
        "lm",
        "evidence",
    ],
    "posterior": [
        "kernel",
        "cholesky",
        "units",
        "rivals",
        "posterior",
        "conditioned",
        "process",
        "features",
        "weights",
        "laplace",
        "full",
        "stored",
        "error_bars",
    ],
    "optimize": [
        "normal",
        "box",
        "believed",
        "improvement",
        "propose",
        "evaluations",
        "minimise",
    ],
    "demo": ["curve", "steam"],
    "gradcheck": ["complex_step", "check"],
}


def imported_modules(path: Path) -> set[str]:
    """Modules of slopenet that a file imports, at the top or in a function."""
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
        found |= {name.removeprefix("slopenet.") for name in names if name.startswith("slopenet.")}
    return found


def upward_imports(files: list[Path], package: str, order: list[str]) -> list[str]:
    """Imports between members of a package that run against its order."""
    prefix = f"{package}." if package else ""
    wrong = []
    for path in files:
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        if not name.startswith(prefix) or path.name == "__init__.py":
            continue
        here = name.removeprefix(prefix).split(".")[0]
        for module in imported_modules(path):
            there = module.removeprefix(prefix).split(".")[0] if module.startswith(prefix) else ""
            if there in order and there != here and order.index(there) > order.index(here):
                wrong.append(f"{name} imports {module}")
    return wrong


def members(folder: Path) -> set[str]:
    """Modules and packages directly inside a folder."""
    return {
        path.stem
        for path in folder.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }


FILES = sorted(SOURCE.rglob("*.py"))


def test_every_module_is_in_the_list() -> None:
    assert members(SOURCE) | {"_core"} == set(PACKAGES)
    for package, order in WITHIN.items():
        assert members(SOURCE.joinpath(*package.split("."))) == set(order), package


def test_the_root_holds_at_most_a_dozen_modules() -> None:
    assert len(list(SOURCE.glob("*.py"))) <= 12


@pytest.mark.parametrize("package", ["", *WITHIN])
def test_no_import_runs_upwards(package: str) -> None:
    order = WITHIN[package] if package else PACKAGES
    assert not upward_imports(FILES, package, order)


def test_an_upward_import_would_be_found(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    wrong = tmp_path / "derivation.py"
    wrong.write_text("def f():\n    from slopenet.network import Network\n")
    assert upward_imports([wrong], "", PACKAGES) == ["derivation imports network.Network"]


def test_import_loads_nothing_optional() -> None:
    code = "import sys, slopenet; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not OPTIONAL & set(loaded.stdout.split())


def test_public_names_exist_and_are_documented() -> None:
    assert sorted(slopenet.__all__) == slopenet.__all__
    for name in slopenet.__all__:
        assert getattr(slopenet, name).__doc__ or name in ALIASES, name


def test_only_the_estimator_needs_scikit_learn() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; import slopenet; from slopenet import *\n"
        "try: slopenet.SlopeRegressor\n"
        "except ImportError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == (
        "SlopeRegressor needs scikit-learn 1.6 or later: pip install 'slopenet[sklearn]'\n"
    )
    with pytest.raises(AttributeError, match="has no attribute 'Slope'"):
        slopenet.Slope  # noqa: B018
