"""Sentences about access, held against the documents that declare the account: what `validate` says of them."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.cli.screen import complain
from reconciler.errors import Fault, InputError
from reconciler.model import Desired, Unmet
from reconciler.report.lines import counted

__all__ = ["judged", "refuse"]


def judged(found: Sequence[Desired]) -> str:
    """Return how many sentences hold over what is declared and how many only a plan can settle; empty without any.

    What is left to plan is also told on stderr, one by one.

    Raises:
        InputError: a sentence does not hold whatever the account has, or no proof is found though nothing is unknown.
    """
    every = [(desired, expectation) for desired in found for expectation in desired.expectations]
    if not every:
        return ""
    from reconciler.live import kept_documents  # noqa: PLC0415  without sentences no policy of AWS's is looked at
    from reconciler.plan.expecting import unmet  # noqa: PLC0415  without sentences there is nothing to prove
    from reconciler.plan.offline import declared_picture  # noqa: PLC0415  the same

    faults: list[Fault] = []
    left: set[tuple[str, str]] = set()
    principals = 0
    for desired in found:
        picture = declared_picture(desired, kept_documents)
        principals += len(picture.principals())
        for one in unmet(desired.expectations, picture):
            if _is_for_plan(one):
                left.add((desired.account.id, str(one.expectation.origin)))
            _sort(one, faults)
    if faults:
        raise InputError(faults)
    over = f"over {counted(principals, 'declared principal')} (identity-based access)"
    rest = f"; {counted(len(left), 'sentence')} left to plan" if left else ""
    hold = len(every) - len(left)
    return f"expected: {counted(hold, 'sentence')} {'holds' if hold == 1 else 'hold'} {over}{rest}"


def refuse(found: Sequence[Unmet]) -> None:
    """Return if everything that is expected of an account is so.

    Raises:
        InputError: a sentence does not hold, or that is not settled.
    """
    failing = [one for one in found if one.fails]
    if failing:
        from reconciler.report.expecting import told  # noqa: PLC0415  most accounts are as expected

        raise InputError(Fault(str(one.expectation.origin), told(one), _remedy(one)) for one in failing)


def _is_for_plan(unmet: Unmet) -> bool:
    """Return whether the account may settle it: it speaks of somebody, or of a policy, that is not declared."""
    return not unmet.principals or bool(unmet.unknown)


def _sort(unmet: Unmet, faults: list[Fault]) -> None:
    from reconciler.report.expecting import told  # noqa: PLC0415  most sentences hold

    place, text = str(unmet.expectation.origin), told(unmet)
    if unmet.unknown:
        complain("warning", f"{place}: {text}; left to plan, which reads it")
    elif unmet.principals and unmet.undecided and not unmet.fails:
        complain("warning", f"{place}: {text}; allowed by `allow_undecided`")
    elif unmet.principals:
        faults.append(Fault(place, text, _remedy(unmet)))


def _remedy(unmet: Unmet) -> str:
    if unmet.undecided:
        return "add `allow_undecided: true` if it may stay open"
    return "mend the policy or the sentence" if unmet.principals else ""
