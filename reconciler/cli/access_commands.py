"""The commands about access: who can do what, and what the difference of two policies comes to."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.escalating import escalations
from reconciler.cli.picturing import State, about_a_state, pictured
from reconciler.cli.screen import complain, console, unread
from reconciler.cli.target import FORMAT, Target
from reconciler.errors import Fault, InputError, RefusedError

if TYPE_CHECKING:
    from reconciler.plan.answering import Asked

__all__ = ["access"]

_YES, _ERROR, _NO = 0, 1, 3
_STDIN = "-"


@click.group(invoke_without_command=True)
@click.pass_context
def access(ctx: click.Context) -> int:
    """Ask who can do what, and compare policies; every answer is proved.

    Access is identity-based: a principal's policies, those of its groups and its boundary. Policies of resources, of
    sessions and of organizations are not read.
    """
    if ctx.invoked_subcommand is not None:
        return _YES
    click.echo(ctx.get_help(), err=True)
    return _ERROR


access.add_command(escalations)


@access.command()
@click.argument("old", metavar="OLD.json", type=click.Path(allow_dash=True, path_type=Path))
@click.argument("new", metavar="NEW.json", type=click.Path(allow_dash=True, path_type=Path))
@click.option("--trust", is_flag=True, help="The documents are trust policies of roles.")
@click.option(
    "--fail-on",
    "fail_on",
    type=click.Choice(["wider", "wider-strict", "undecided"]),
    multiple=True,
    help="Exit with 3 if NEW allows more (wider; wider-strict counts also what only future actions or no existing "
    "resource can show), or if that is not settled. May be repeated.",
)
@FORMAT
def compare(old: Path, new: Path, fail_on: Sequence[str], output: str, *, trust: bool) -> int:
    """Tell what NEW.json allows more or less than OLD.json, offline.

    Each is one policy document as JSON; `-` is stdin. EQUAL, NARROWER, WIDER and INCOMPARABLE are proved; with each
    goes a request that shows it. Exits with 0 whatever the answer is, unless --fail-on says otherwise.
    """
    from reconciler.plan.comparing import compared  # noqa: PLC0415  other commands compare no files
    from reconciler.report import comparing as report  # noqa: PLC0415  the same

    if str(old) == str(new) == _STDIN:
        raise click.UsageError("both documents cannot come from stdin")
    found = compared(_named(old), _named(new), trust=trust)
    with unread():
        if output == "json":
            click.echo(report.as_json(found), nl=False)
        else:
            report.render(found, console=console())
    reasons = report.objections(found, fail_on)
    if reasons:
        raise RefusedError(reasons)
    return _YES


@access.command()
@click.argument("principal")
@click.argument("action")
@click.argument("resource")
@click.option("--context", "context", metavar="KEY=VALUE", multiple=True, help="A condition key; may be repeated.")
@FORMAT
@about_a_state
def can(  # noqa: PLR0913  a parameter an option
    target: Target,
    state: State,
    principal: str,
    action: str,
    resource: str,
    *,
    context: Sequence[str],
    output: str,
) -> int:
    """Tell whether PRINCIPAL can do ACTION on RESOURCE, and why.

    PRINCIPAL is user/NAME, role/NAME, a NAME that is no other's, or an ARN. ACTION and RESOURCE may have wildcards:
    then the question is whether any such request is allowed. Condition keys that --context does not give are free.

    Exits with 0 for yes, 3 for no, and 1 where it is not settled.
    """
    from reconciler.plan.answering import can as answered  # noqa: PLC0415  other commands ask nothing
    from reconciler.report import answering as report  # noqa: PLC0415  the same

    asked = _asked(action, resource, context)
    picture, told = pictured(target, state)
    answer = answered(picture, principal, asked)
    with unread():
        click.echo(report.answer_json(answer, told) if output == "json" else report.answer_text(answer, told), nl=False)
    return {True: _YES, False: _NO, None: _ERROR}[answer.holds]


@access.command("who-can")
@click.argument("action")
@click.argument("resource")
@click.option("--context", "context", metavar="KEY=VALUE", multiple=True, help="A condition key; may be repeated.")
@FORMAT
@about_a_state
def who_can(target: Target, state: State, action: str, resource: str, context: Sequence[str], output: str) -> int:
    """List who can do ACTION on RESOURCE, and by which statement.

    ACTION and RESOURCE may have wildcards: then everybody is listed to whom any such request is allowed. Condition keys
    that --context does not give are free.

    Exits with 0 if there is somebody, 3 if there is nobody, and 1 where nobody is found but that is not settled.
    """
    from reconciler.plan.answering import who_can as answered  # noqa: PLC0415  other commands ask nothing
    from reconciler.report import answering as report  # noqa: PLC0415  the same

    asked = _asked(action, resource, context)
    picture, told = pictured(target, state)
    answers = answered(picture, asked)
    with unread():
        text = (
            report.answers_json(asked, answers, told) if output == "json" else report.answers_text(asked, answers, told)
        )
        click.echo(text, nl=False)
    if any(answer.holds for answer in answers):
        return _YES
    return _ERROR if any(answer.holds is None for answer in answers) else _NO


def _asked(action: str, resource: str, context: Sequence[str]) -> Asked:
    """Return the question of a command line; what AWS does not know is told on stderr.

    Raises:
        InputError: the action, the resource or the context are none.
    """
    from reconciler.documents.asked import form_slips, is_condition_key, meaning_slips  # noqa: PLC0415  only to ask
    from reconciler.plan.answering import Asked  # noqa: PLC0415  the same

    faults = [Fault("", slip.what, slip.remedy) for slip in form_slips([action], [resource])]
    values: dict[str, tuple[str, ...]] = {}
    for text in context:
        key, equals, value = text.partition("=")
        if not equals or not is_condition_key(key):
            faults.append(
                Fault("--context", f"{text!r} is no KEY=VALUE", "write it as in aws:RequestedRegion=eu-west-1")
            )
        values[key] = (*values.get(key, ()), value)
    if not faults:
        for slip in meaning_slips([action], [resource]):
            if slip.certain:
                faults.append(Fault("", slip.what, slip.remedy))
            else:
                complain("warning", f"{slip.what}; {slip.remedy}")
    if faults:
        raise InputError(faults)
    single: Mapping[str, str | Sequence[str]] = {k: v[0] if len(v) == 1 else v for k, v in values.items()}
    return Asked(action, resource, single)


def _named(path: Path) -> tuple[str, Any]:
    """Return the file's name and the document in it; ``-`` is stdin.

    Raises:
        InputError: it cannot be read, or holds no JSON object.
    """
    from reconciler.documents.files import shown  # noqa: PLC0415  other commands read no policies
    from reconciler.documents.jsontext import read_json  # noqa: PLC0415  the same

    is_stdin = str(path) == _STDIN
    name = "stdin" if is_stdin else shown(path)
    # Not only a regular file: a shell's <(git show …) is a pipe.
    content = sys.stdin.buffer.read() if is_stdin else path.read_bytes()
    try:
        data = read_json(content.decode("utf-8-sig"), name).data
    except UnicodeDecodeError as error:
        raise InputError([Fault(name, "this is not UTF-8", "name a file that holds a policy document")]) from error
    if not isinstance(data, dict):
        raise InputError([Fault(name, "this is no JSON object", "name a file that holds a policy document")])
    return name, data
