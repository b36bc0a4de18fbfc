"""Answers to who can do what, for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.model import Evidence
from reconciler.plan.answering import Answer, Asked
from reconciler.report.expecting import evidence_data, requested
from reconciler.report.lines import counted, printable

__all__ = ["answer_json", "answer_text", "answers_json", "answers_text"]

_SCOPE = "identity-based access: policies of resources, sessions and organizations are not read"


def answer_text(answer: Answer, state: str) -> str:
    """Return the answer for one principal; ``state`` tells which state it is about."""
    return _text([*_answer(answer), f"  ({state}; {_SCOPE})"])


def answers_text(asked: Asked, answers: Sequence[Answer], state: str) -> str:
    """Return who can, by which statement, and of whom it is not settled."""
    yes = [answer for answer in answers if answer.holds]
    what = _asked(asked)
    head = f"{counted(len(yes), 'principal')} of {len(answers):,} can {what}" if yes else f"nobody can {what}"
    open_ = [answer for answer in answers if answer.holds is None]
    if open_:
        head += f"; of {counted(len(open_), 'principal')} that is not settled"
    lines = [head]
    for answer in yes:
        lines.append(f"  {answer.address}  {requested(answer.evidence)}" if answer.evidence else f"  {answer.address}")
        lines += [f"      {answer.evidence.because}"] if answer.evidence else []
    lines += [f"  {answer.address}  not settled: {_why(answer)}" for answer in open_]
    return _text([*lines, f"  ({state}; {_SCOPE})"])


def answer_json(answer: Answer, state: str) -> str:
    """Return the answer for one principal as JSON."""
    return _json({**_data(answer), "state": state, "scope": _SCOPE})


def answers_json(asked: Asked, answers: Sequence[Answer], state: str) -> str:
    """Return every principal's answer as JSON."""
    question = {"action": asked.action, "resource": asked.resource, "context": dict(asked.context)}
    return _json({"asked": question, "answers": [_data(one) for one in answers], "state": state, "scope": _SCOPE})


def _answer(answer: Answer) -> Iterator[str]:
    evidence = answer.evidence
    if answer.holds is None:
        yield f"undecided: whether {answer.address} can is not settled: {_why(answer)}"
    elif answer.holds:
        yield f"yes: {answer.address} can {requested(evidence) if evidence else 'do it'}"
        if evidence is not None:
            yield f"  {evidence.because}"
        if answer.exception is not None:
            yield f"  not always: {requested(answer.exception)} is refused ({answer.exception.because})"
    elif evidence is None:
        yield f"no: {answer.address} cannot: {'; '.join(answer.reasons) or 'no policy allows it'}"
    else:
        yield f"no: {answer.address} cannot {requested(evidence)}"
        yield f"  {evidence.because}"


def _why(answer: Answer) -> str:
    unknown = [f"the document of {arn} is not known" for arn in answer.unknown]
    return "; ".join([*unknown, *answer.reasons]) or "no proof was found"


def _asked(asked: Asked) -> str:
    return requested(
        Evidence(gained=True, action=asked.action, resource=asked.resource, because="", context=asked.context)
    )


def _data(answer: Answer) -> dict[str, Any]:
    return {
        "principal": str(answer.address),
        "answer": {True: "yes", False: "no", None: "undecided"}[answer.holds],
        "request": evidence_data(answer.evidence),
        "exception": evidence_data(answer.exception),
        "reasons": list(answer.reasons),
        "unknown": list(answer.unknown),
    }


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{printable(line)}\n" for line in lines)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
