"""A network and its derivatives as files that need no slopenet: one kind per row of `TARGETS`.

    net.export("model.c", derivatives=("value", "jacobian", "hessian"))

Every file is run and compared with the network before it is left in its place.
"""

from slopenet.exporters._export import export
from slopenet.exporters._result import Export
from slopenet.exporters._targets import TARGETS, Target
from slopenet.exporters._task import FunctionName

__all__ = ["TARGETS", "Export", "FunctionName", "Target", "export"]
