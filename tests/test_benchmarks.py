"""Useful operations, which shares of a machine's peak are made of, are those counted by hand."""

import pytest

work = pytest.importorskip("benchmarks.work", reason="an sdist has no benchmarks")

SIZES = (2, 3, 4, 2)
SWEEPS = (2 * 3 + 3 * 4) + 2 * (4 * 3) + 2 * (4 * 3)  # z[2], z[3]; c[2]_k of two k; Z'[3]


def test_the_value_and_the_better_of_two_orders() -> None:
    """(W4 W3) W2 needs 2·4·3 + 2·3·2 multiplications, W4 (W3 W2) needs four more."""
    assert work.jacobian(SIZES) == 2 * (2 * 3 + 3 * 4 + 4 * 2) + 2 * (2 * 4 * 3 + 2 * 3 * 2)


def test_half_a_hessian_of_each_output() -> None:
    """Three entries on and above the diagonal, a sum over 3 + 4 neurons, two outputs."""
    assert work.hessian(SIZES) == 2 * SWEEPS + 2 * (3 * (3 + 4) * 2)


def test_a_laplacian_squares_no_w_of_the_first_layer() -> None:
    """The squares of Z'[3] (4, 2), then 3 + 4 products for each of two outputs."""
    assert work.laplacian(SIZES) == 2 * SWEEPS + 2 * (4 * 2 + (3 + 4) * 2)


def test_one_layer_has_only_its_value() -> None:
    assert work.jacobian((5, 3)) == 2 * 5 * 3
    assert work.hessian((5, 3)) == work.laplacian((5, 3)) == 0


def test_labels_write_rows_exactly() -> None:
    from benchmarks.cases import Case

    rows = {None: "one", 16: "16", 200: "2e2", 250: "250", 100_000: "1e5"}
    for given, written in rows.items():
        assert Case("hessian", SIZES, given).label == f"hessian/2-3-4-2/{written}/float64"
