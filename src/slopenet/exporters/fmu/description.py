"""The descriptions in an FMU: modelDescription.xml, and buildDescription.xml of FMI 3."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from xml.etree import ElementTree as ET

from slopenet.exporters._task import Task
from slopenet.exporters.fmu.variables import TIME, Variable, clean, dependencies, variables

VERSIONS = {2: "2.0", 3: "3.0"}
# Attributes of both interfaces, of Model Exchange, and of Co-Simulation.
_ABILITIES = {
    2: (
        "canNotUseMemoryManagementFunctions",
        "canGetAndSetFMUstate",
        "canSerializeFMUstate",
        "providesDirectionalDerivative",
    ),
    3: (
        "canGetAndSetFMUState",
        "canSerializeFMUState",
        "providesDirectionalDerivatives",
        "providesAdjointDerivatives",
    ),
}
_MORE = {"CoSimulation": ("canHandleVariableCommunicationStepSize",)}


def model_description(
    task: Task, fmi: int, identifier: str, sources: Sequence[str], *, token: str
) -> bytes:
    """modelDescription.xml.

    Parameters
    ----------
    task : Task
    fmi : {2, 3}
    identifier : str
        Name of the library.
    sources : sequence of str
        The C files that are compiled.
    token : str
        The word that an importer passes when it instantiates the FMU.
    """
    inputs, outputs = variables(task)
    layers = ", ".join(map(str, task.chain.activations))
    given = {
        "fmiVersion": VERSIONS[fmi],
        "modelName": clean(task.name) or identifier,
        "guid" if fmi == 2 else "instantiationToken": token,
        "description": f"A feed-forward network: {'-'.join(map(str, task.sizes))}, {layers}",
        "generationTool": f"slopenet {version('slopenet')}",
        "variableNamingConvention": "flat",
    }
    root = ET.Element("fmiModelDescription", given)
    for kind in ("ModelExchange", "CoSimulation"):
        abilities = dict.fromkeys((*_ABILITIES[fmi], *_MORE.get(kind, ())), "true")
        interface = ET.SubElement(root, kind, {"modelIdentifier": identifier} | abilities)
        if fmi == 2:
            files = ET.SubElement(interface, "SourceFiles")
            for name in sources:
                ET.SubElement(files, "File", name=name)
    units = sorted({each.unit for each in (*inputs, *outputs) if each.unit})
    if units:
        defined = ET.SubElement(root, "UnitDefinitions")
        for unit in units:
            ET.SubElement(defined, "Unit", name=unit)
    ET.SubElement(ET.SubElement(root, "LogCategories"), "Category", name="logStatusError")
    listed = ET.SubElement(root, "ModelVariables")
    _variable(listed, fmi, Variable(TIME, "", "", 0), "independent")
    for each in inputs:
        _variable(listed, fmi, each, "input")
    for each in outputs:
        _variable(listed, fmi, each, "output")
    _structure(ET.SubElement(root, "ModelStructure"), fmi, task, outputs)
    return _written(root)


def build_description(identifier: str, sources: Sequence[str]) -> bytes:
    """buildDescription.xml."""
    root = ET.Element("fmiBuildDescription", fmiVersion=VERSIONS[3])
    configuration = ET.SubElement(root, "BuildConfiguration", modelIdentifier=identifier)
    files = ET.SubElement(configuration, "SourceFileSet", language="C99")
    for name in sources:
        ET.SubElement(files, "SourceFile", name=name)
    ET.SubElement(configuration, "Library", name="m", external="true")
    return _written(root)


def _variable(parent: ET.Element, fmi: int, each: Variable, causality: str) -> None:
    given = {
        "name": each.name,
        "valueReference": str(each.reference),
        "causality": causality,
        "variability": "continuous",
        "description": each.description,
        "initial": "calculated" if causality == "output" else "",
    }
    real = {"unit": each.unit, "start": "" if each.start is None else repr(each.start)}
    given, real = ({k: v for k, v in given_.items() if v} for given_ in (given, real))
    if fmi == 2:
        ET.SubElement(ET.SubElement(parent, "ScalarVariable", given), "Real", real)
    else:
        ET.SubElement(parent, "Float64", given | real)


def _structure(parent: ET.Element, fmi: int, task: Task, outputs: Sequence[Variable]) -> None:
    """The outputs, each with its inputs: during a simulation, and at its start."""
    any_path, nonlinear = dependencies(task)
    ahead = 1 if fmi == 2 else 0  # FMI 2 counts the variables from 1
    for kind in ("Output", "InitialUnknown"):
        place = ET.SubElement(parent, f"{kind}s") if fmi == 2 else parent
        for output, used, curved in zip(outputs, any_path, nonlinear, strict=True):
            indices = used.nonzero()[0]
            given = {
                "index" if fmi == 2 else "valueReference": str(output.reference + ahead),
                "dependencies": " ".join(str(i + 1 + ahead) for i in indices),
                "dependenciesKind": " ".join(
                    "dependent" if curved[i] else "constant" for i in indices
                ),
            }
            ET.SubElement(place, "Unknown" if fmi == 2 else kind, given)


def _written(root: ET.Element) -> bytes:
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"
