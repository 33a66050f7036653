"""A network and its derivatives as files that need no slopenet: C99, ONNX, Python.

    net.export("model.c", derivatives=("value", "jacobian", "hessian"))

Every file is run and compared with the network before it is left in its place.
"""

from slopenet.exporters._export import export
from slopenet.exporters._result import Export

__all__ = ["Export", "export"]
