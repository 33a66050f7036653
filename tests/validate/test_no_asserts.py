"""An assert checks no input: `python -O` leaves it out, and its error has no sentence."""

import ast
from pathlib import Path

import slopenet

SOURCE = Path(slopenet.__file__).parent


def asserts(text: str) -> list[int]:
    """Lines with an assert."""
    return [node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]


def test_the_package_has_no_assert() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    found = [f"{path.relative_to(SOURCE)}:{n}" for path in files for n in asserts(path.read_text())]
    assert len(files) > 100
    assert found == []


def test_an_assert_would_be_found() -> None:
    assert asserts("def f(x):\n    if x:\n        assert x > 0\n") == [3]
