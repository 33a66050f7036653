"""`import slopenet` loads little, and the package shows its public names."""

import json
import subprocess
import sys

import pytest

import slopenet as sn

HEAVY = {"scipy", "sklearn", "safetensors", "array_api_compat", "pandas", "click", "rich", "torch"}
HEAVY |= {"slopenet.exporters", "slopenet.importers", "slopenet.training", "slopenet.network"}


def python(code: str) -> str:
    """The output of a fresh process."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return result.stdout


def loaded(code: str) -> set[str]:
    return set(python(f"import sys\n{code}\nprint(*sys.modules)").split())


def test_import_loads_numpy_and_the_core_alone() -> None:
    modules = loaded("import slopenet")
    assert {"numpy", "slopenet._core"} <= modules
    assert not HEAVY & modules


def test_a_network_needs_neither_scipy_nor_files_nor_importers() -> None:
    modules = loaded(
        "import slopenet as sn\n"
        "net = sn.Network.random((2, 3, 1), rng=0)\n"
        "net.value_jacobian_hessian([0.0, 1.0])"
    )
    wanted = {"slopenet.network", "array_api_compat", "slopenet.training"}
    assert not (HEAVY - wanted) & modules


def test_fit_loads_no_search_trees_before_there_are_slopes() -> None:
    modules = loaded("import slopenet as sn; sn.fit")
    assert not {"scipy.spatial", "scipy.optimize", "scipy.sparse", "sklearn"} & modules


def test_dir_has_the_public_names_and_no_others() -> None:
    shown = json.loads(python("import json, slopenet; print(json.dumps(dir(slopenet)))"))
    more = {"adapters", "optimize", "plot", "progress", "__version__", "SlopeRegressor", "dask"}
    assert set(sn.__all__) <= set(shown) <= set(sn.__all__) | more
    assert {"adapters", "plot", "progress", "__version__"} <= set(shown)
    assert dir(sn) == shown  # whatever has been loaded meanwhile
    for name in shown:
        assert getattr(sn, name) is not None


@pytest.mark.parametrize(("package", "name"), [("sklearn", "SlopeRegressor"), ("dask", "dask")])
def test_dir_leaves_out_packages_that_are_not_installed(package: str, name: str) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "import slopenet\n"
        "from slopenet import *\n"
        f"print({name!r} in dir(slopenet), len(dir(slopenet)) > 30)"
    )
    assert python(code) == "False True\n"


def test_functions_stay_functions_when_their_modules_are_loaded() -> None:
    code = (
        "import slopenet as sn\n"
        "import slopenet.training.fit, slopenet.training.backprop, slopenet.importers\n"
        "import slopenet.training.fit as module\n"
        "print(sn.fit is module.fit, callable(sn.fit), callable(sn.backprop), callable(sn.load))"
    )
    assert python(code) == "True True True True\n"


def test_every_lazy_name_has_its_home_and_type_checkers_see_the_same_one() -> None:
    """The table of __init__ against the imports that mypy reads there."""
    import ast
    from pathlib import Path

    tree = ast.parse(Path(sn.__file__).read_text())
    seen = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("slopenet")
        for alias in node.names
    }
    eager = {"get_num_threads", "set_num_threads", "instruction_set"}
    modules = {name for name, module in seen.items() if module == "slopenet"}
    assert modules == sn._MODULES
    homes = {name: f"slopenet.{home}" for name, home in sn._HOMES.items()}
    assert homes == {n: m for n, m in seen.items() if n not in eager | modules}
    assert set(sn.__all__) <= set(seen)


def test_the_instruction_set_is_that_of_the_core() -> None:
    from slopenet import _core

    assert sn.instruction_set() == _core.isa
    assert sn.instruction_set() in {"avx512", "avx2", "baseline"}


def test_threadpoolctl_finds_the_core_before_a_name_is_used() -> None:
    pytest.importorskip("threadpoolctl")
    code = (
        "import slopenet as sn, threadpoolctl\n"
        "sn.set_num_threads(3)\n"
        "with threadpoolctl.threadpool_limits(1): print(sn.get_num_threads())\n"
        "print(sn.get_num_threads())"
    )
    assert python(code) == "1\n3\n"
