"""Bad input, case by case: ``cases/*.case`` hold files (after ``>>> name``) and their exact faults (after ``<<<``)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.documents import load
from reconciler.errors import InputError

TODAY = dt.date(2026, 6, 1)
SETTINGS = """\
version: 1
account: 123456789012
variables: {team: orders, list: [a, b], map: {a: b}, nothing: null}
"""


class Case(NamedTuple):
    name: str
    files: dict[str, str]
    faults: list[str]


def _cases() -> list[Case]:
    found = []
    for path in sorted((Path(__file__).parent / "cases").glob("*.case")):
        for block in path.read_text("utf-8").split("=== ")[1:]:
            title, _, rest = block.partition("\n")
            content, _, faults = rest.partition("<<<\n")
            files = dict(part.split("\n", 1) for part in content.split(">>> ")[1:])
            if not any("version:" in text or "verison:" in text for text in files.values()):
                files.setdefault("reconciler.yaml", SETTINGS)
            found.append(Case(f"{path.stem}: {title}", files, faults.splitlines()))
    return found


CASES = _cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_fault_is_told_with_its_place_and_the_way_out(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in case.files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("␇", "\a"), "utf-8")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError) as caught:
        load(Path()).check(TODAY)

    assert str(caught.value).splitlines() == case.faults
