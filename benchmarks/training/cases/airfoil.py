"""Airfoil drag from smt's table: 42,039 rows, 16 inputs, slopes; 16-12-12-1.

A tenth of the rows, drawn once, is held out for testing. JENN trains for 25 epochs in batches of
4096, one step per batch, on normalised data. slopenet trains with Adam for as many epochs in the
same batches, with default settings otherwise; and, in another run, with `method="auto"` on the same
rows.
"""

from __future__ import annotations

import numpy as np

from benchmarks.training.curve import Curve
from benchmarks.training.race import race
from benchmarks.training.tables import airfoil
from benchmarks.training.task import Task
from benchmarks.training.verdict import Outcome, Plan, Verdict, cut_short, judged, median, ratio

EPOCHS, BATCH = 25, 4096
FASTER, TENTH = 50, 0.1
TITLE = "Airfoil drag, 37,836 rows with slopes, 16-12-12-1"


def _task() -> Task:
    data = airfoil()
    order = np.random.default_rng(0).permutation(len(data))
    held = len(data) // 10
    return Task(
        train=data.rows(order[held:]),
        test=data.rows(order[:held]),
        hidden=(12, 12),
        epochs=4 * EPOCHS,
        batch=BATCH,
        fits={
            "adam": {"method": "adam", "epochs": EPOCHS, "batch_size": BATCH},
            "auto": {},
        },
        jenn={"epochs": EPOCHS, "batch_size": BATCH, "max_iter": 1, "is_normalize": True},
    )  # fmt: skip


def _same_epochs(pairs: list[tuple[Curve, Curve]], about: str) -> Verdict:
    faster = median(ratio(peer.end.seconds, own.end.seconds) for peer, own in pairs)
    value = median(ratio(peer.end.value, own.end.value) for peer, own in pairs)
    slope = median(ratio(peer.end.slope, own.end.slope) for peer, own in pairs)
    return Verdict(
        f"{EPOCHS} epochs of Adam {FASTER}× faster than JENN's, no error larger",
        f"{faster:.0f}× faster; {value:.2f}× lower in values, {slope:.2f}× in slopes{about}",
        judged(faster >= FASTER and min(value, slope) >= 1, [peer for peer, _ in pairs]),
    )


def _tenth(pairs: list[tuple[Curve, Curve]]) -> Verdict:
    """Errors reached in a tenth of JENN's time, and in all of it."""
    found = []
    for when, seconds in (("a tenth of JENN's time", TENTH), ("JENN's time", 1.0)):
        then = [(peer.end, own.at(seconds * peer.end.seconds)) for peer, own in pairs]
        value = median(ratio(peer.value, own.value) for peer, own in then)
        slope = median(ratio(peer.slope, own.slope) for peer, own in then)
        found.append((value, slope, f"in {when} {value:.1f}× (values) and {slope:.1f}× (slopes)"))
    return Verdict(
        "a tenth of JENN's errors in a tenth of its time, by method='auto'",
        "; ".join(text for *_, text in found) + " lower",
        judged(min(found[0][:2]) >= 1 / TENTH, [peer for peer, _ in pairs]),
    )


def run(plan: Plan) -> Outcome:
    """All contenders from a few seeds, because JENN's runs are long."""
    try:
        task = _task()
    except ModuleNotFoundError as error:
        return Outcome(TITLE, [Verdict("compare with JENN", str(error), None)])
    curves = race(plan, lambda _: task, plan.count(2), plan.count(1, 5))
    peers = curves.get(("JENN", ""), ())
    if not peers:
        return Outcome(TITLE, [Verdict("compare with JENN", "JENN took no part", None)], curves)
    about = (
        f"; JENN: {median(c.end.seconds for c in peers):.1f} s,"
        f" {median(c.end.value for c in peers):.3f} values,"
        f" {median(c.end.slope for c in peers):.3f} slopes, {len(peers)} seeds"
    ) + cut_short(peers)
    adam, auto = (
        list(zip(peers, curves["slopenet", way], strict=False)) for way in ("adam", "auto")
    )
    return Outcome(TITLE, [_same_epochs(adam, about), _tenth(auto)], curves)
