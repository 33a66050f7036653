"""All contenders in turns on the same rows, seed after seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import sleep

from benchmarks.clock import PAUSE
from benchmarks.training.curve import Curve, Recorder
from benchmarks.training.task import Task
from benchmarks.training.verdict import Curves, Plan


def race(
    plan: Plan,
    task_of: Callable[[int], Task],
    seeds: int,
    peers: int,
    together: Sequence[str] = (),
) -> Curves:
    """Train slopenet and those in `together` from all seeds, others from the first `peers`.

    A turn starts with a pause, in which the threads of the previous contender fall asleep.
    """
    curves: dict[tuple[str, str], list[Curve]] = {}
    for seed in range(seeds):
        task = task_of(seed)
        for trainer in plan.trainers:
            if seed >= peers and trainer.name not in ("slopenet", *together):
                continue
            for mode, train in trainer.ways(task).items():
                sleep(PAUSE)
                curve = train(seed, Recorder(task, plan.seconds))
                curves.setdefault((trainer.name, mode), []).append(curve)
                end = curve.end
                plan.say(
                    f"  seed {seed}, {f'{trainer.name} {mode}'.strip()}: {end.seconds:.3g} s,"
                    f" values {end.value:.3g}, slopes {end.slope:.3g}"
                )
    return curves
