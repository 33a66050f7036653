"""The networks that a fit tries: the first ones, those that follow, and those after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from slopenet.dataset.dataset import Data, Names, split
from slopenet.network import Network
from slopenet.training.entrants import HELD_OUT, Task, entrants, rival, scout, wider
from slopenet.training.plan import Plan, make_plan
from slopenet.training.race import NOISE_ALONE, TRIED, Race
from slopenet.training.rescue import alternatives
from slopenet.training.settings import HIDDEN, FitSettings
from slopenet.training.shape.constraints import Constraint
from slopenet.training.starts import Candidates
from slopenet.training.transform import Transform


@dataclass(frozen=True, eq=False)
class Attempts:
    """Races of networks under the settings of one fit.

    Attributes
    ----------
    settings : FitSettings
    task : Task
    names : Names
    start : Network or None
        A network that is given to start from; no other is tried.
    known_noise : bool
        Whether the noise of values and slopes is known, and with it their balance.
    constraints : tuple of Constraint
        On the shape of the outputs; only LM and a kriging start are tried with them.
    why : str
        Why the method was taken, if constraints ask for it.
    """

    settings: FitSettings
    task: Task
    names: Names
    start: Network | None
    known_noise: bool
    constraints: tuple[Constraint, ...] = ()
    why: str = ""

    @cached_property
    def first(self) -> list[tuple[FitSettings, bool]]:
        """The networks that are tried first, and whether their search for l2 begins below.

        With constraints a kriging start, which suits noisy data, comes only after the race; so each
        network of it is tried from both ends. Of curvatures it is softplus, which bends one way.
        """
        tried = entrants(self.settings, self.task)
        raced = len(tried) > 1
        if raced and any(each.curved for each in self.constraints):
            tried = [each for each in tried if each.activation == "softplus"]
        pairs = [(each, raced and each.hidden != HIDDEN) for each in tried]
        both = raced and self.constraints
        return [*((each, False) for each in tried), *pairs] if both else pairs

    @cached_property
    def plans(self) -> list[Plan]:
        """Their plans."""
        return [self._planned(*each) for each in self.first]

    @cached_property
    def scout(self) -> Plan | None:
        """The network before a race without constraints, or None."""
        raced = len(self.first) > 1 and not self.why and self.start is None
        asked = scout(self.settings, self.task) if raced else None
        if asked is None:
            return None
        plan = self._planned(asked, below=False)
        return replace(plan, method=plan.method._replace(why=NOISE_ALONE))

    def _planned(self, each: FitSettings, below: bool) -> Plan:
        task, start = self.task, self.start
        targets = task.outputs * task.kinds
        plan = make_plan(each, task.inputs, task.outputs, rows=task.rows, targets=targets)
        find_balance = plan.find_balance and not self.known_noise
        raced = len(self.first) > 1
        method = plan.method._replace(why=TRIED if raced else self.why or plan.method.why)
        from_below = start is not None or below
        plan = replace(plan, method=method, from_below=from_below, find_balance=find_balance)
        if start is None:
            return plan
        return replace(plan, activations=tuple(start.activations))

    def race(
        self,
        data: Data,
        learned: Data,
        held_out: Data | None,
        transform: Transform | None,
        seed: int,
    ) -> Race:
        """The race on these rows in one system of coordinates; `seed` holds out rows if need be.

        A scout learns from all of the data, as it needs no rows held out.
        """
        shapes = [each for each, _ in self.first]

        def candidates(plan: Plan) -> Candidates:
            return Candidates.of(
                *(plan, self.names, learned, held_out, transform),
                start=self.start,
                constraints=self.constraints,
            )

        def following(best: Candidates) -> Candidates | None:
            settled = shapes[[each.plan for each in race.entered].index(best.plan)]
            next_one = wider(self.settings, shapes, settled, self.task)
            if next_one is None:
                return None
            shapes.append(next_one)
            below = best.plan.from_below and next_one.hidden != HIDDEN
            return candidates(self._planned(next_one, below))

        def others(best: Candidates) -> Iterator[Candidates]:
            found = alternatives(self.settings, best.plan, self.task)
            if self.start is not None or not found:
                return
            kept, out = learned, held_out
            if out is None:
                kept, out = split(learned, HELD_OUT, self.names, np.random.default_rng(seed))
            for each in found:
                plan = self._planned(each, below=True)
                plan = replace(plan, method=plan.method._replace(why=TRIED))
                yield Candidates.of(plan, self.names, kept, out, transform)

        def rivals() -> Iterator[Candidates]:
            asked = rival(self.settings, self.task) if self.why and self.start is None else None
            if asked is not None:
                plan = self._planned(asked, below=True)
                yield candidates(replace(plan, method=plan.method._replace(why=TRIED)))

        ahead = None
        if self.scout is not None:
            ahead = Candidates.of(self.scout, self.names, data, None, transform)
        raced = [candidates(plan) for plan in self.plans]
        race = Race(raced, following, others, rivals, ahead)
        return race  # `following` reads it
