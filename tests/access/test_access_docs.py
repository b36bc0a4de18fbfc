"""The page about access: its example is run, and says what the page says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "access.md"


def test_the_example_prints_what_stands_below_it() -> None:
    found = re.search(r"```python\n(.+?)```\n\n```\n(.+?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(found[1], str(PAGE), "exec"), {})  # noqa: S102  our own page
    assert printed.getvalue() == found[2]
