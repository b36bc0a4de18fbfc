"""The search for an order of steps in which every principal stands well at every moment.

A principal's moments are the sets of its steps that are done. An order is as good as the worst moment it leads through;
``gap`` is better than ``spike``. Small searches are exhaustive; one that outgrows its budget takes what it has found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.plan.lawful import Level, Verdict
from reconciler.plan.slots import Slots

__all__ = ["Case", "Task", "arranged"]

_BUDGET = 3000
"""Moments that one search may look at."""


@dataclass(frozen=True)
class Case:
    """One principal: the steps that change what it holds, and how it stands when some of them are done."""

    steps: frozenset[str]
    judge: Callable[[frozenset[str]], Verdict]
    _known: dict[frozenset[str], Verdict] = field(default_factory=dict)

    def at(self, done: frozenset[str]) -> Verdict:
        """Return how the principal stands when ``done``, of whatever principals, is done."""
        own = done & self.steps
        if own not in self._known:
            self._known[own] = self.judge(own)
        return self._known[own]


@dataclass(frozen=True, slots=True)
class Task:
    """The steps among which an order is searched, and what every order has to keep to."""

    steps: Sequence[str]
    """In the order to be preferred."""
    earlier: Mapping[str, frozenset[str]]
    """By step: all those among ``steps`` that IAM or the plan demand before it."""
    slots: Sequence[Slots]
    """The quotas that some of the steps have to keep."""

    def ready(self, done: frozenset[str]) -> Iterator[str]:
        """Yield the steps that may come next, in the order to be preferred."""
        for step in self.steps:
            if step not in done and self.earlier[step] <= done and all(slots.fits(done, step) for slots in self.slots):
                yield step

    def narrowed(self, steps: frozenset[str]) -> Task:
        """Return the task of some of the steps, and of those that share a quota with them."""
        slots = [one for one in self.slots if not steps.isdisjoint(one.growth)]
        kept = steps.union(*(one.growth for one in slots))
        left = [step for step in self.steps if step in kept]
        return Task(left, {step: self.earlier[step] & kept for step in left}, slots)


def arranged(task: Task, cases: Sequence[Case]) -> list[str]:
    """Return the steps in the best order that was found."""
    limits = [_best(case, task.narrowed(case.steps)) for case in cases]
    for more in Level:
        allowed = [max(limit, more) for limit in limits]
        found = _search(task, cases, allowed)
        if found is not None:
            return found
    return list(task.steps)


def _best(case: Case, task: Task) -> Level:
    """Return the best level at which the principal alone can be served."""
    for level in Level:
        if _search(task, [case], [level]) is not None:
            return level
    return Level.SPIKE


def _search(task: Task, cases: Sequence[Case], allowed: Sequence[Level]) -> list[str] | None:
    """Return an order through moments that are no worse than allowed, or None if none was found within the budget."""
    steps = task.steps
    concerned = {step: [i for i, case in enumerate(cases) if step in case.steps] for step in steps}
    order: list[str] = []
    done: frozenset[str] = frozenset()
    choices: list[Iterator[str]] = [task.ready(done)]
    dead: set[frozenset[str]] = set()
    seen = 0
    while len(order) < len(steps):
        for step in choices[-1]:
            following = done | {step}
            seen += 1
            if following not in dead and all(cases[i].at(following).level <= allowed[i] for i in concerned[step]):
                order.append(step)
                done = following
                choices.append(task.ready(done))
                break
        else:
            dead.add(done)
            if not order or seen > max(_BUDGET, len(steps) ** 2):
                return None
            choices.pop()
            done = done - {order.pop()}
    return order
