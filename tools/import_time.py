"""How much longer `import slopenet`, as it is installed, takes than `import numpy`.

Both are imported by fresh processes, in turns; the shortest times count, as others disturb only
upwards. Exits with 1 if the difference is LIMIT or more.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path

LIMIT, ROUNDS = 0.25, 15  # seconds; processes of each


def seconds(code: str) -> float:
    """The time of a fresh process that runs `code`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 (fixed code)
    return time.perf_counter() - start


def main() -> int:
    """Print the times, and return the exit status."""
    import slopenet

    site = Path(sysconfig.get_path("purelib"))
    if site not in Path(slopenet.__file__).parents:
        sys.stderr.write(f"slopenet was imported from {slopenet.__file__}, not from {site}\n")
        return 1
    turns = [(seconds("import numpy"), seconds("import slopenet")) for _ in range(ROUNDS)]
    numpy, whole = (min(times) for times in zip(*turns, strict=True))
    sys.stdout.write(
        f"import slopenet takes {whole:.3f} s, {whole - numpy:.3f} s more than NumPy's"
        f" {numpy:.3f} s\n"
    )
    return int(whole - numpy >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
