"""The search for an order of steps in which every principal stands well at every moment.

A principal's moments are the sets of its steps that are done. An order is as good as the worst moment it leads through;
``gap`` is better than ``spike``. Small searches are exhaustive; one that outgrows its budget takes what it has found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.plan.lawful import Level, Verdict

__all__ = ["Case", "arranged"]

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


def arranged(steps: Sequence[str], earlier: Mapping[str, frozenset[str]], cases: Sequence[Case]) -> list[str]:
    """Return the steps in the best order that was found; ``steps`` come in the order to be preferred.

    ``earlier`` names, for each step, all those among ``steps`` that IAM or the plan demand before it.
    """
    limits = [_best(case, [s for s in steps if s in case.steps], earlier) for case in cases]
    for more in Level:
        allowed = [max(limit, more) for limit in limits]
        found = _search(steps, earlier, cases, allowed)
        if found is not None:
            return found
    return list(steps)


def _best(case: Case, steps: Sequence[str], earlier: Mapping[str, frozenset[str]]) -> Level:
    """Return the best level at which the principal alone can be served."""
    own = {step: earlier[step] & case.steps for step in steps}
    for level in Level:
        if _search(steps, own, [case], [level]) is not None:
            return level
    return Level.SPIKE


def _search(
    steps: Sequence[str], earlier: Mapping[str, frozenset[str]], cases: Sequence[Case], allowed: Sequence[Level]
) -> list[str] | None:
    """Return an order through moments that are no worse than allowed, or None if none was found within the budget."""
    concerned = {step: [i for i, case in enumerate(cases) if step in case.steps] for step in steps}
    order: list[str] = []
    done: frozenset[str] = frozenset()
    choices: list[Iterator[str]] = [_ready(steps, earlier, done)]
    dead: set[frozenset[str]] = set()
    seen = 0
    while len(order) < len(steps):
        for step in choices[-1]:
            following = done | {step}
            seen += 1
            if following not in dead and all(cases[i].at(following).level <= allowed[i] for i in concerned[step]):
                order.append(step)
                done = following
                choices.append(_ready(steps, earlier, done))
                break
        else:
            dead.add(done)
            if not order or seen > max(_BUDGET, len(steps) ** 2):
                return None
            choices.pop()
            done = done - {order.pop()}
    return order


def _ready(steps: Iterable[str], earlier: Mapping[str, frozenset[str]], done: frozenset[str]) -> Iterator[str]:
    return (step for step in steps if step not in done and earlier[step] <= done)
