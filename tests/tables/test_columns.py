"""Columns are found with and without units; unused ones and lookalikes of slopes are told apart."""

import numpy as np
import pytest

from slopenet.tables import Form, TableError, has_columns, read_columns, read_samples


@pytest.mark.parametrize(
    ("header", "wanted", "column"),
    [
        ("T [K],p", "T", 0),
        ("T,p", "T [K]", 0),
        ("T[K],p", "T [K]", 0),
        ("T [degC],T [K]", "T [K]", 1),
        ("T [degC],T", "T", 1),
        ("T [degC],T", "T [K]", 1),
        ("x[1],x[0]", "x[0]", 1),
    ],
)
def test_a_column_is_found_by_its_name_and_unit(save, header, wanted, column):
    found = read_columns(save(f"{header}\n10,11\n".encode()), [wanted])
    assert found.tolist() == [[10.0 + column]]
    assert has_columns(header.split(","), [wanted])


@pytest.mark.parametrize(
    ("header", "wanted", "message"),
    [
        ("T [degC],p", "T [K]", r"has 'T \[degC\]' where 'T \[K\]' is wanted; convert the unit"),
        ("T [degC],T [K]", "T", r"'T' may be 'T \[degC\]' or 'T \[K\]'; give the name with its"),
        ("x[1],x[2]", "x[0]", r"has no column 'x\[0\]'"),
        ("T [K],p", "[K]", r"has no column '\[K\]'"),
        ("Q,p", "T", "has no column 'T'"),
    ],
)
def test_a_column_of_another_unit_or_of_several_is_refused(save, header, wanted, message):
    with pytest.raises(TableError, match=message):
        read_columns(save(f"{header}\n10,11\n".encode()), [wanted])


def test_one_column_is_not_wanted_twice(save):
    path = save(b"T [K],rho\n1,2\n")
    for inputs, outputs in ((["T", "T [K]"], ["rho"]), (["T"], ["T [K]"])):
        with pytest.raises(TableError, match=r"'T \[K\]' is wanted twice"):
            read_samples(path, inputs, outputs)


def test_names_that_differ_in_little_have_slopes_of_their_own(save):
    """A key that two slopes share names neither; their full names still do."""
    path = save(b"x [m],x [s],y,dy/dx [m],dy/dx [s]\n1,2,3,4,5\n")
    samples = read_samples(path, ["x [m]", "x [s]"], ["y"])
    np.testing.assert_array_equal(samples.dydx, [[[4, 5]]])
    path = save(b"x[0],x[1],y,dy/dx[1]\n1,2,3,5\n")
    np.testing.assert_array_equal(read_samples(path, ["x[0]", "x[1]"], ["y"]).dydx, [[[np.nan, 5]]])


def test_heat_capacity_is_not_a_slope(save):
    samples = read_samples(save(b"T,p,c,cp,rhoT,ct\n1,2,3,4,5,6\n"), ["T", "p"], ["c"])
    assert samples.unused == ("cp", "rhoT", "ct")
    assert samples.dydx is None


def test_a_line_of_excel_on_the_separator_is_skipped(save):
    path = save("\ufeffsep=;\nT;rho\n1,5;2\n".encode())
    np.testing.assert_array_equal(read_columns(path, ["T", "rho"], Form(decimal=",")), [[1.5, 2]])


def test_places_count_the_lines_of_the_file(save):
    content = b"above\n\n# comment\nT,rho\n# comment\n1,2\n\n  # comment\n3,oops\n"
    with pytest.raises(TableError, match="line 9, column 'rho': 'oops'"):
        read_columns(save(content), ["T", "rho"], Form(skip_rows=1, comment="#"))
    latin = b"Pr\xfcfstand\nT,rho\n1,2\n"
    np.testing.assert_array_equal(read_columns(save(latin), ["T"], Form(skip_rows=1)), [[1]])
