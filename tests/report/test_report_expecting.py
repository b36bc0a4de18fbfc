"""How sentences that fail are told, to people and to programs."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model import Address, Evidence, Expectation, Origin, Unmet
from reconciler.report.expecting import requested, told, unmet_data, unmet_lines

SENTENCE = Expectation("nobody can iam:*", Origin("desired-state/a.yaml", 3, 5), "safe", allowed=False)
EVIDENCE = Evidence(
    gained=True,
    action="iam:CreateUser",
    resource="arn:aws:iam::123456789012:user/x",
    because="p#1 (Action iam:*, Resource *) allows it",
    context={"aws:MultiFactorAuthPresent": "true", "aws:TagKeys": ("a", "b")},
)
FAILED = Unmet(SENTENCE, (Address("user", "alice"),), EVIDENCE)
OPEN = Unmet(SENTENCE, (Address("user", "bob"),), unknown=("arn:aws:iam::aws:policy/X",), undecided=True)
NOBODY = Unmet(SENTENCE, reasons=("there is no zoe in the account",))


def test_a_request_is_told_with_its_conditions() -> None:
    assert requested(EVIDENCE) == (
        "iam:CreateUser on arn:aws:iam::123456789012:user/x when aws:MultiFactorAuthPresent = true and "
        "aws:TagKeys = a, b"
    )


def test_a_failure_is_one_line_with_everything_that_shows_it() -> None:
    assert told(FAILED) == (
        f"`nobody can iam:*` does not hold for user/alice: {requested(EVIDENCE)} is allowed "
        "(p#1 (Action iam:*, Resource *) allows it)"
    )
    refused = Unmet(SENTENCE, FAILED.principals, replace(EVIDENCE, gained=False, because="no policy allows it"))
    assert told(refused).endswith(" is refused (no policy allows it)")
    assert told(replace(FAILED, evidence=None)).endswith(": no request shows it")
    assert told(replace(FAILED, evidence=replace(EVIDENCE, label="future-only"))).endswith(
        ", an action that AWS may add)"
    )


def test_what_is_open_says_why() -> None:
    assert told(OPEN) == (
        "`nobody can iam:*` is not settled for user/bob: the document of arn:aws:iam::aws:policy/X is not known"
    )
    assert told(replace(OPEN, unknown=())).endswith(": no proof was found")
    assert told(replace(OPEN, unknown=(), reasons=("the budget is spent",))).endswith(": the budget is spent")
    assert told(NOBODY) == "`nobody can iam:*`: there is no zoe in the account"


def test_many_principals_are_not_all_named() -> None:
    many = replace(FAILED, principals=tuple(Address("user", f"u{n}") for n in range(7)))
    assert "for user/u0, user/u1, user/u2, user/u3, user/u4 and 2 more: " in told(many)


def test_names_from_the_account_obey_nobody() -> None:
    assert "\n" not in told(replace(FAILED, principals=(Address("user", "a\nb"),)))


def test_the_report_names_places_and_counts_the_sentences_that_fail() -> None:
    lines = [str(line) for line in unmet_lines([FAILED, OPEN, NOBODY])]
    assert lines[1] == "Expectations that fail or are open (identity-based access):"
    assert lines[2] == f"! {told(FAILED)}  desired-state/a.yaml:3"
    assert lines[-1] == "  1 sentence fails: nothing is written"
    allowed = Unmet(replace(SENTENCE, allow_undecided=True), OPEN.principals, undecided=True)
    assert not any("nothing is written" in str(line) for line in unmet_lines([allowed]))
    assert list(unmet_lines([])) == []


def test_programs_get_every_part() -> None:
    (failed, open_) = unmet_data([FAILED, OPEN])
    assert failed == {
        "sentence": "nobody can iam:*",
        "document": "safe",
        "origin": "desired-state/a.yaml:3:5",
        "principals": ["user/alice"],
        "undecided": False,
        "fails": True,
        "evidence": {
            "allowed": True,
            "action": "iam:CreateUser",
            "resource": "arn:aws:iam::123456789012:user/x",
            "context": {"aws:MultiFactorAuthPresent": "true", "aws:TagKeys": ["a", "b"]},
            "because": "p#1 (Action iam:*, Resource *) allows it",
            "label": "",
        },
        "reasons": [],
        "unknown": [],
    }
    assert (open_["evidence"], open_["unknown"]) == (None, ["arn:aws:iam::aws:policy/X"])
