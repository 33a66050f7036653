"""Setup of every test, and options to share tests between runs."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

# A shell that runs `make test` in the background lets it ignore Ctrl-C, which children inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The tests of JAX compile thousands of functions and run each once.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", metavar="FILE", help="write the names of the tests that passed")
    parser.addoption("--but", metavar="FILE", help="leave out the tests whose names FILE has")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    path = config.getoption("--but")
    if not path or not Path(path).exists():
        return
    passed = set(Path(path).read_text(encoding="utf-8").splitlines())
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
    items[:] = [item for item in items if item.nodeid not in passed]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    path = config.getoption("--record")
    if not path:
        return
    names = [report.nodeid for report in terminalreporter.stats.get("passed", ())]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("\n".join(sorted(names)), encoding="utf-8")
