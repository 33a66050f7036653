"""Which of the processor's instruction sets the kernels use."""

from slopenet import _core


def instruction_set() -> str:
    """Return the name of the instruction set whose kernels run.

    Returns
    -------
    str
        ``"avx512"``, ``"avx2"`` or ``"baseline"``, the one that every processor of this kind has.
        It is the best that the processor has, unless SLOPENET_ISA was set when the process began.
    """
    return str(_core.isa)
