"""From a chain of calls to no more bonds than access needs: what fails then holds up only what depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

__all__ = ["loosened"]

Earlier: TypeAlias = dict[str, set[str]]
"""By call: all calls that are made before it."""

_MOST_CALLS = 12
_BUDGET, _MOST_STATES = 512, 64
"""States that are looked at beyond those on the chains: for all principals that share calls, and for each of them."""


def loosened(
    chain: Sequence[str], bound: Mapping[str, set[str]], is_good: Callable[[frozenset[str]], bool], sharing: int
) -> dict[str, set[str]]:
    """Return for each call of a chain the calls that it waits for: every state of a run that keeps to it is good.

    All states on the chain are good. One bond after another is given up, the ``bound`` ones excepted, if the states
    that a run can reach without it are good as well. Beyond a number of calls or of states the rest of the chain stays;
    ``sharing`` principals share the effort.
    """
    earlier: Earlier = {call: set(chain[:place]) for place, call in enumerate(chain)}
    left = min(_MOST_STATES, _BUDGET // sharing) if len(chain) <= _MOST_CALLS else 0
    for place, later in enumerate(chain):
        for call in reversed(chain[:place]):
            if call in bound[later] or call not in _nearest(earlier, later):
                continue
            for state in _without(chain, earlier, call, later):
                left -= 1
                if left < 0 or not is_good(state):
                    break
            else:
                earlier[later].remove(call)
    return {call: _nearest(earlier, call) for call in chain}


def _nearest(earlier: Earlier, call: str) -> set[str]:
    """Return the calls before ``call`` that are not before another one of them."""
    return earlier[call] - set().union(*(earlier[other] for other in earlier[call]))


def _without(chain: Sequence[str], earlier: Earlier, call: str, later: str) -> Iterator[frozenset[str]]:
    """Yield the states that hold ``later`` and not ``call``, which it would no longer wait for."""
    least = frozenset({later} | earlier[later] - {call})
    others = [other for other in chain if other not in least and other != call and call not in earlier[other]]
    yield least
    # The others stand in the order of the chain, so that each comes behind all that it waits for.
    states = [least]
    for other in others:
        more = [state | {other} for state in states if earlier[other] <= state]
        yield from more
        states += more
