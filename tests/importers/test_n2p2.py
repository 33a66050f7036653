"""Networks of n2p2 and RuNNer: energies over symmetry functions; hostile files are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import slopenet as sn

RNG = np.random.default_rng(0)
SIZES = (6, 5, 4, 1)
WEIGHTS = [RNG.normal(size=(m, n)) for n, m in pairwise(SIZES)]
BIASES = [RNG.normal(size=m) for m in SIZES[1:]]
# Minimum, maximum, mean and deviation of the symmetry functions of two elements.
LOW = RNG.uniform(0, 0.1, (2, 6))
RANGES = np.stack([LOW, LOW + RNG.uniform(0.5, 2, (2, 6)), LOW + 0.3, LOW + 0.07], axis=2)
G = RNG.uniform(0.1, 0.5, (9, 6))
NORMALISATION = {"mean_energy": -25.5, "conv_energy": 242.5, "conv_length": 5.8}
SETTINGS = """
# Water, in Å.
number_of_elements 2
elements O H  # H is the first in scaling.data
atom_energy O -74.9
atom_energy H -0.4
global_hidden_layers_short 2
global_nodes_short 5 4
global_activation_short t p l ! of layers
symfunction_short H 2 H 0.001 0.0 12.00
"""


def weights() -> str:
    rows, k = ["# value  t  index  l_s  n_s  l_e  n_e"], 0
    for l, (W, b) in enumerate(zip(WEIGHTS, BIASES, strict=True)):
        for i, j in np.ndindex(W.T.shape):
            k += 1
            rows.append(f" {W[j, i]:.16E} a {k:9d} {l:5d} {i + 1:5d} {l + 1:5d} {j + 1:5d}")
        for j, value in enumerate(b):
            k += 1
            rows.append(f" {value:.16E} b {k:9d} {l + 1:5d} {j + 1:5d}")
    return "\n".join(rows) + "\n"


def scaling(columns: int = 4) -> str:
    rows = ["# e_index sf_index min max mean sigma"]
    for (e, i), _ in np.ndenumerate(RANGES[..., 0]):
        numbers = " ".join(f"{x:.16E}" for x in RANGES[e, i, :columns])
        rows.append(f"{e + 1:10d} {i + 1:10d} {numbers}")
    return "\n".join(rows) + "\n"


def saved(
    folder: Path,
    settings: str | None = SETTINGS,
    *,
    scales: str | None = None,
    numbers: str | None = None,
    name: str = "weights.008.data",
) -> Path:
    path = folder / name
    path.write_text(weights() if numbers is None else numbers)
    if settings is not None:
        (folder / "input.nn").write_text(settings, encoding="utf-8")
    (folder / "scaling.data").write_text(scaling() if scales is None else scales)
    return path


FORMULAS: dict[str, Any] = {
    "l": lambda x: x,
    "t": np.tanh,
    "s": lambda x: 1 / (1 + np.exp(-x)),
    "p": lambda x: np.log(1 + np.exp(x)),
    "r": lambda x: x * (x.real > 0),
    "g": lambda x: np.exp(-0.5 * x * x),
    "c": np.cos,
    "S": lambda x: 1 - 1 / (1 + np.exp(-x)),
    "e": lambda x: np.exp(-x),
}


def energy(
    g: np.ndarray,
    letters: str = "tpl",
    kind: str = "",
    *,
    to: tuple[float, float] = (0, 1),
    nodes: bool = False,
    factor: float = 1.0,
    offset: float = -74.9,
) -> Any:
    """The energy of an O atom of one row, number by number as n2p2 computes it."""
    a = []
    for x, (least, most, mean, sigma) in zip(g, RANGES[1], strict=True):
        a.append(
            {
                "": lambda x=x: x,
                "center": lambda x=x, c=mean: x - c,
                "scale": lambda x=x, c=least, d=most - least: to[0] + (to[1] - to[0]) * (x - c) / d,
                "both": lambda x=x, c=mean, d=most - least: to[0] + (to[1] - to[0]) * (x - c) / d,
                "sigma": lambda x=x, c=mean, d=sigma: to[0] + (to[1] - to[0]) * (x - c) / d,
            }[kind]()
        )
    for W, b, letter in zip(WEIGHTS, BIASES, letters, strict=True):
        z = [
            sum(w * x for w, x in zip(row, a, strict=True)) + c for row, c in zip(W, b, strict=True)
        ]
        a = [FORMULAS[letter](x / len(a) if nodes else x) for x in z]
    return a[0] / factor + offset


def slopes(**given: Any) -> np.ndarray:
    """By complex steps of 1e-30."""
    return np.array(
        [[energy(g + 1e-30j * np.eye(6)[i], **given).imag / 1e-30 for i in range(6)] for g in G]
    )


def check(net: Any, **given: Any) -> None:
    values, right = np.array([[energy(g, **given)] for g in G]), slopes(**given)
    np.testing.assert_allclose(net(G), values, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(net.jacobian(G)[:, 0], right, rtol=0, atol=1e-12 * abs(right).max())


KINDS = {
    "": "",
    "center": "center_symmetry_functions\n",
    "scale": "scale_symmetry_functions\n",
    "both": "center_symmetry_functions\nscale_symmetry_functions\n",
    "sigma": "scale_symmetry_functions_sigma\n",
}


@pytest.mark.parametrize("kind", KINDS)
def test_energies_and_slopes_are_those_of_n2p2(tmp_path: Path, kind: str) -> None:
    settings = SETTINGS + KINDS[kind] + "scale_min_short -1.0\nscale_max_short 2.0\n"
    settings += "\n".join(f"{key} {value}" for key, value in NORMALISATION.items())
    net = sn.load(saved(tmp_path, settings), expect=sn.Network, output_names=["E"])
    assert (net.sizes, net.output_names) == (SIZES, ("E",))
    check(net, kind=kind, to=(-1, 2), factor=242.5, offset=-25.5 - 74.9)


@pytest.mark.parametrize("letter", FORMULAS)
def test_activations_are_those_of_n2p2(tmp_path: Path, letter: str) -> None:
    settings = SETTINGS.replace("t p l", f"{letter} t {letter}") + "normalize_nodes\n"
    said: list[Any] = []
    net = sn.load(saved(tmp_path, settings), expect=sn.Network, report=said.append)
    assert said[0].difference < 1e-12
    check(net, letters=f"{letter}t{letter}", nodes=True)


def test_settings_of_one_element_are_preferred(tmp_path: Path) -> None:
    own = "element_activation_short O s c l\nelement_nodes_short O 5 4\n"
    settings = SETTINGS.replace("global_nodes_short 5 4", "global_nodes_short 9 9") + own
    check(sn.load(saved(tmp_path, settings)), letters="scl")
    check(sn.from_n2p2(saved(tmp_path, settings, name="best"), element="O"), letters="scl")
    hydrogen = sn.load(saved(tmp_path, SETTINGS, name="weights.001.000020.out"))
    np.testing.assert_allclose(hydrogen(G)[:, 0], [energy(g, offset=-0.4) for g in G], rtol=1e-13)


def test_rows_of_numbers_alone_are_those_of_runner(tmp_path: Path) -> None:
    alone = "\n".join(line.split()[0] for line in weights().splitlines()[1:])
    columns = scaling(3) + "-7.5 -2.5\n"  # no deviations, and the range of energies
    settings = SETTINGS + "scale_symmetry_functions\nscale_max_short_atomic 2\n"
    net = sn.load(saved(tmp_path, settings, scales=columns, numbers=alone))
    check(net, kind="scale", to=(0, 2))
    with pytest.raises(sn.ModelFileError, match="nothing says how many units"):
        sn.from_n2p2(saved(tmp_path, numbers=alone), "tanh")
    with pytest.raises(sn.ModelFileError, match=r"its 63 numbers are not a network.*\(5, 4\)"):
        sn.load(saved(tmp_path, numbers=alone.partition("\n")[2]))


def test_weights_alone_take_activations_and_scalings(tmp_path: Path) -> None:
    path = saved(tmp_path, None)
    names = list("abcdef")
    net = sn.from_n2p2(path, "tanh", "softplus", input_names=names)
    assert net == sn.Network(WEIGHTS, BIASES, ["tanh", "tanh", "softplus"], input_names=names)
    least, most = RANGES[1, :, 0], RANGES[1, :, 1]
    conversion = {"scale": 242.5, "offset": 242.5 * 25.5}
    scaled = sn.from_n2p2(
        *(path, ["tanh", "softplus"]),
        input_scaling=(least, most, (0, 1)),
        output_scaling=conversion,
    )
    check(scaled, kind="scale", factor=242.5, offset=-25.5)
    with pytest.raises(ValueError, match="activation= is for weights alone"):
        sn.from_n2p2(path, "tanh", element="O")
    with pytest.raises(sn.ModelFileError, match=r"weights\.008\.data has weights alone.*input\.nn"):
        sn.load(path)


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("weights", " b ", " c ", "line 32 is neither a weight nor a bias"),
        ("weights", "E", "D", "line 2 has '"),
        ("weights", "E+00", "E+999", "line .* a number out of range"),
        ("weights", "a         1     0", "a         1     1", "line 2 leads to no next layer"),
        (
            "weights",
            "0     1     1     2",
            "0     1     1     3",
            "line 3 .* 1 to 3, out of order",
        ),
        ("weights", "0     1     1     2", "0     1     1    2x", "'2x', not a whole number"),
        ("weights", "36     1     1     2", "36     2     1     3", "37 is of layer 3, not 2"),
        ("scaling", "2          1", "2          2", "symmetry function 2, not 1"),
        ("scaling", "2          6", "1          7", "5 symmetry functions of this.*takes 6"),
        ("scaling", f"{RANGES[1, 0, 1]:.16E}", "0.0", "symmetry function 1 has no range"),
        ("scaling", "\n", "\n1 2\n", "line 3 is behind its last row"),
        ("scaling", f"{RANGES[1, 0, 3]:.16E}", "1 2", "has 7 words, not 6"),
        ("input", "t p l", "t p", "has 3 layers, input.nn has 2 activations"),
        ("input", "nodes_short 5 4", "nodes_short 5 5", r"of \(5, 4\) units, input.nn says"),
        ("input", "nodes_short 5 4", "nodes_short 5 ٤", "'٤', not a number of units"),
        ("input", "elements O H", "elements H", "has the elements H, not O"),
        ("input", "elements O H", "elements O Hx", "has the element 'Hx'"),
        ("input", "elements O H", "elephants O H", "names no elements"),
        ("input", "global_act", "local_act", "has no activations of O"),
        ("input", "-74.9", "-74.9 1", "has 2 values, not 1"),
        ("input", "atom_energy H", "atom_energy O", "has atom_energy O twice, in lines"),
        ("input", "number_of_elements 2", "elements H", "has elements twice, in lines"),
        ("input", "number_of_elements 2", "mean_energy 2", "must have all of mean_energy, conv"),
    ],
)
def test_damaged_files_are_refused(
    tmp_path: Path, file: str, old: str, new: str, sentence: str
) -> None:
    path = saved(tmp_path, SETTINGS + KINDS["scale"])
    assert sn.load(path).sizes == SIZES
    changed = path if file == "weights" else next(tmp_path.glob(f"{file}.*"))
    text = changed.read_text(encoding="utf-8")
    assert old in text
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(sn.ModelFileError, match=sentence):
        sn.load(path)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("t p l", "t h l", "layer 2: its activation 'h' is not one of l t s"),
        ("number_of", "nnp_type 4G-HDNNP\nnumber_of", "nnp_type 4G-HDNNP is not of the second"),
        ("number_of", "nnp_generation 3\nnumber_of", "nnp_generation 3 is not of the second"),
        ("number_of", "element_activation_short O t p s\nnumber_of", "and they differ"),
        ("number_of", "mean_energy 0\nconv_energy 1e-310\nconv_length 1\nnumber_of", "not all fin"),
    ],
)
def test_what_no_network_is_is_refused_by_name(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(sn.UnsupportedNetworkError, match=sentence):
        sn.load(saved(tmp_path, SETTINGS.replace(old, new, 1)))


def test_files_that_do_not_tell_an_element_are_refused(tmp_path: Path) -> None:
    with pytest.raises(sn.ModelFileError, match="has the elements H O; pass element="):
        sn.from_n2p2(saved(tmp_path, name="best.data"))
    with pytest.raises(sn.ModelFileError, match="has the number 999, of no element"):
        sn.load(saved(tmp_path, name="weights.999.data"))
    with pytest.raises(sn.UnsupportedNetworkError, match="networks of charges"):
        sn.load(saved(tmp_path, name="weightse.008.data"))
    with pytest.raises(sn.ModelFileError, match="it has no weights"):
        sn.load(saved(tmp_path, numbers="# nothing\n"))
    deep = "".join(f"1 a 1 {l} 1 {l + 1} 1\n1 b 2 {l + 1} 1\n" for l in range(1001))
    with pytest.raises(sn.ModelFileError, match="has 1001 layers; 1000 are read"):
        sn.from_n2p2(saved(tmp_path, numbers=deep), "tanh")
    with pytest.raises(sn.ModelFileError, match=r"line 2 has '0\.5 a'"):
        sn.load(saved(tmp_path, numbers="0.5\n0.5 a\n"))
