"""`slopenet fit` finds slope columns in every spelling, and refuses lookalikes."""

import numpy as np
import pytest
from command_line import refused, run

import slopenet as sn

STEAM = "T [K],p,rho [kg/m3],{slope}\n"
FIT = ("--inputs", "T,p", "--outputs", "rho", "--hidden", "3", "--epochs", "20")


def table(path, slope, header=STEAM):
    """A table of rho = T² + p with a column of its slope by T."""
    T, p = np.random.default_rng(0).uniform(-1, 1, (2, 30))
    lines = [f"{t},{q},{t**2 + q},{2 * t}\n" for t, q in zip(T.tolist(), p.tolist(), strict=True)]
    path.write_text(header.format(slope=slope) + "".join(lines))
    return path


def fitted(tmp_path, slope, *options):
    data, model = table(tmp_path / "data.csv", slope), tmp_path / "m.safetensors"
    return run("fit", data, *FIT, *options, "-o", model), model


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The network learned from values and slopes."""
    result, model = fitted(tmp_path_factory.mktemp("slopes"), "drho/dT")
    assert result.exit_code == 0, result.output
    return sn.load(model)


@pytest.mark.parametrize(
    "slope",
    [
        *("drho/dT [kg/m3/K]", "drho/dT[kg/(m3 K)]", "∂rho/∂T", "d(rho)/d(T)", "drho / dT"),
        *("∂(rho)/∂(T)", "drho [kg/m3]/dT [K]"),
    ],
)
def test_a_slope_is_found_in_every_spelling(tmp_path, expected, slope):
    result, model = fitted(tmp_path, slope)
    assert result.exit_code == 0, result.output
    assert f"data.csv: {slope}.\n" in result.stdout
    assert sn.load(model) == expected


def test_names_match_without_their_units_and_the_model_keeps_these(expected):
    assert expected.input_names == ("T [K]", "p")
    assert expected.output_names == ("rho [kg/m3]",)


@pytest.mark.parametrize(
    "slope",
    [
        *(
            "rho/T",
            "rho_T",
            "grad_T",
            "gradT",
            "drho_dT",
            "drho dT",
            "drhodT",
            "drho_T",
            "d_rho_dT",
        ),
        *("rho_by_T", "rho wrt T", "drho/dt", "dRho/dT", "drhoo/dT", "grad_rho_T", "slope_T"),
        *("rho_T [kg/m3/K]", "RHO_T", "∂rho∂T", "rho.T"),
    ],
)
def test_a_column_that_only_looks_like_a_slope_is_an_error_with_the_cure(tmp_path, expected, slope):
    result, model = fitted(tmp_path, slope)
    given = f"rho:T={slope}"
    assert refused(result, "looks like a slope but does not have the name 'drho/dT'; rename it,")
    assert f'or give --slopes "{given}"' in result.stderr
    assert not model.exists()
    result, model = fitted(tmp_path, slope, "--slopes", given)
    assert result.exit_code == 0, result.output
    assert sn.load(model) == expected
    result, model = fitted(tmp_path, slope, "--slopes", "none")
    assert result.exit_code == 0
    assert f"Not used: {slope}." in result.stdout
    assert sn.load(model) != expected


@pytest.mark.parametrize("other", ["id", "dh/dT", "rho_max", "T_rho", "drho/dq", "density_T", "dT"])
def test_other_columns_are_named_and_not_used(tmp_path, other):
    result, _ = fitted(tmp_path, other)
    assert result.exit_code == 0, result.output
    assert f"Not used: {other}." in result.stdout
    assert "Learned from values alone." in result.stdout


def test_many_unused_columns_are_counted(tmp_path):
    data = tmp_path / "wide.csv"
    names = [f"c{i}" for i in range(40)]
    rows = "".join(f"{i},{i * i}{',0' * 40}\n" for i in range(10))
    data.write_text(f"T,rho,{','.join(names)}\n{rows}")
    options = ("--inputs", "T", "--outputs", "rho", "--hidden", 2, "--epochs", 5)
    result = run("fit", data, *options, "-o", tmp_path / "m.safetensors")
    assert f"Not used: {', '.join(names[:12])} and 28 more.\n" in result.stdout


@pytest.mark.parametrize(
    "text",
    ['[slopes]\n"rho:T" = "rho_T"', '[slopes.rho]\nT = "rho_T"', 'slopes = "rho:T=rho_T"'],
)
def test_a_toml_file_maps_slopes_too(tmp_path, expected, text):
    config = tmp_path / "fit.toml"
    config.write_text(text)
    result, model = fitted(tmp_path, "rho_T", "--config", config)
    assert result.exit_code == 0, result.output
    assert sn.load(model) == expected


@pytest.mark.parametrize(
    ("slopes", "message"),
    [
        ("rho=rho_T", "'rho=rho_T' is not of the form output:input=column, nor auto or none"),
        ("rho:T", "'rho:T' is not of the form"),
        ("rho:q=rho_T", "the slopes name 'q', which is not an input; the inputs are"),
        ("h:T=rho_T", "the slopes name 'h', which is not an output; the outputs are"),
        ("rho:T=none", "has no column 'none'"),
    ],
)
def test_a_wrong_map_of_slopes_is_one_sentence(tmp_path, slopes, message):
    result, _ = fitted(tmp_path, "rho_T", "--slopes", slopes)
    assert refused(result, message)


def test_two_columns_of_the_same_slope_are_refused(tmp_path):
    data = table(tmp_path / "data.csv", "drho/dT,∂rho/∂T")
    data.write_text(data.read_text().replace("\n", ",0\n").replace("∂T,0\n", "∂T\n"))
    result = run("fit", data, *FIT, "-o", tmp_path / "m.safetensors")
    assert refused(result, "'drho/dT' and '∂rho/∂T' are the same slope")


def test_a_model_with_units_predicts_a_table_with_and_without_them(tmp_path, expected):
    model, data = tmp_path / "m.safetensors", tmp_path / "new.csv"
    expected.save(model)
    for header in ("T [K],p", "T,p", "T [K],p [MPa]", "p,T[K]"):
        row = "0.5,0.25" if header.startswith("T") else "0.25,0.5"
        data.write_text(f"{header}\n{row}\n")
        result = run("predict", model, data)
        assert result.exit_code == 0, result.output
        names, numbers = result.stdout.splitlines()
        assert names == "T [K],p,rho [kg/m3],drho/dT [kg/m3/K],drho/dp"
        assert float(numbers.split(",")[2]) == expected([0.5, 0.25])[0]
    data.write_text("T [degC],p\n0.5,0.25\n")
    result = run("predict", model, data)
    assert refused(result, r"has 'T \[degC\]' where 'T \[K\]' is wanted; convert the unit")
    data.write_text("T [K],p,T [degC]\n0.5,0.25,9\n")
    assert run("predict", model, data).stdout.splitlines()[1] == numbers
