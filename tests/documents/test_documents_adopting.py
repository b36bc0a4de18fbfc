"""``adopt: true`` put into the text of documents."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from reconciler.documents.adopting import adopt_key, with_adopt
from reconciler.documents.yamltext import read_yaml
from reconciler.model import Origin

CASES = {
    "a line of its own follows the name": (
        "kind: user\nname: a # the first\n\ngroups: []\n",
        "kind: user\nname: a # the first\nadopt: true\n\ngroups: []\n",
    ),
    "a file that ends without the end of a line stays so": ("kind: user\nname: a", "kind: user\nname: a\nadopt: true"),
    "ends of lines are kept": ("kind: user\r\nname: a\r\n", "kind: user\r\nname: a\r\nadopt: true\r\n"),
    "the last line takes the ends of the others": (
        "kind: user\r\nname: 'a'",
        "kind: user\r\nname: 'a'\r\nadopt: true",
    ),
    "an indent is kept": ("---\n  kind: user\n  name: a\n", "---\n  kind: user\n  name: a\n  adopt: true\n"),
    "a quoted key": ('"name": "a"\n"kind": user\n', '"name": "a"\nadopt: true\n"kind": user\n'),
    "a name on the line after its key": (
        "kind: user\nname:\n    a\ngroups: []\n",
        "kind: user\nname:\n    a\nadopt: true\ngroups: []\n",
    ),
    "a name in a block": (
        "name: |-\n  a\n\n# more\nkind: user\n",
        "name: |-\n  a\nadopt: true\n\n# more\nkind: user\n",
    ),
    "within braces": ("{kind: user, name: a, groups: []}", "{kind: user, name: a, adopt: true, groups: []}"),
    "at the end of braces, before a comment": (
        "{kind: user,\n name: a # last\n}\n",
        "{kind: user,\n name: a, adopt: true # last\n}\n",
    ),
    "JSON": ('{"kind": "user", "name": "a"}', '{"kind": "user", "name": "a", adopt: true}'),
    "letters beyond ASCII before it": (
        "# é 𝄞\nname: a # ü\nkind: user\n",
        "# é 𝄞\nname: a # ü\nadopt: true\nkind: user\n",
    ),
    "a name that is repeated by an alias": (
        "kind: user\ntags: {n: &n a}\nname: *n\n",
        "kind: user\ntags: {n: &n a}\nname: *n\nadopt: true\n",
    ),
    "other names are left alone": (
        "kind: user\ntags: {name: b}\nname: a\n---\nkind: user\nname: b\n",
        "kind: user\ntags: {name: b}\nname: a\nadopt: true\n---\nkind: user\nname: b\n",
    ),
}


def name_of(text: str) -> Origin:
    return read_yaml(text, "a.yaml").trees[0].at(("name",))


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)], ids=["py", "c"])
@pytest.mark.parametrize("case", CASES)
def test_the_key_is_added_and_nothing_else_changed(case: str, loader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "CSafeLoader", loader)
    before, after = CASES[case]

    assert with_adopt(before, [name_of(before)]) == after
    added = read_yaml(after, "a.yaml")
    assert added.faults == ()
    assert [tree.data.get("adopt") for tree in added.trees][:1] == ["true"]


def test_many_documents_of_a_file_take_it_at_once() -> None:
    text = "kind: user\nname: a\n---\n{kind: user, name: b}\n---\nname: c\nkind: user\n"
    names = [tree.at(("name",)) for tree in read_yaml(text, "a.yaml").trees]

    assert with_adopt(text, names) == (
        "kind: user\nname: a\nadopt: true\n---\n{kind: user, name: b, adopt: true}\n"
        "---\nname: c\nadopt: true\nkind: user\n"
    )
    assert with_adopt(text, []) == text


def test_a_documents_own_key_is_found_and_no_others() -> None:
    text = "kind: user\nname: a\n---\nkind: user\nadopt: false\nname: b\n"
    first, second = (tree.at(("name",)) for tree in read_yaml(text, "a.yaml").trees)

    assert adopt_key(text, first) is None
    assert adopt_key(text, second) == Origin("a.yaml", 5, 1)
