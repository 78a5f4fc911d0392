"""The page's words stand in one file, and nowhere else."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chat_ui.ui
from chat_ui.ui.words import say

UI = Path(chat_ui.ui.__file__).parent
SCRIPTS = sorted(path for kind in ("*.js", "*.jsx") for path in UI.rglob(kind))
MODULES = sorted(UI.rglob("*.py"))
APP = UI.parent / "chat_ui.py"
WORDS = json.loads((UI / "components" / "words.json").read_text())

# What looks like a word and is none: names of keys, and of things that browsers and libraries define.
NAMES = re.compile(
    r"Enter|Escape|Tab|Home|End|Page(Up|Down)|Arrow(Up|Down|Left|Right)|Shell|Range|Content-Security-Policy"
)
IN_STRING = re.compile(r"""(["'`])([A-Z][a-z]+(?:[^"'`\n]*))\1""")
BETWEEN_TAGS = re.compile(r"""(?<!=)>\s*([A-Za-z][^<>{}]*?)\s*</""")
COMMENT = re.compile(r"^\s*//[^\n]*|/\*.*?\*/", re.MULTILINE | re.DOTALL)
NO_WORDS_IN = {"class_name", "button_class", "panel_class", "href", "src", "to", "on_change", "key", "tag"}
A_WORD = re.compile(r"^[A-Z][a-z]+|[a-z]+ [a-z]+")


def spoken_in_script(source: str) -> Iterator[str]:
    """What a script would put on the page by itself."""
    code = COMMENT.sub("", source)
    for _, text in IN_STRING.findall(code):
        if not NAMES.fullmatch(text):
            yield text
    yield from BETWEEN_TAGS.findall(code)


def spoken_in_module(source: str) -> Iterator[str]:
    """What a module would put on the page by itself: strings that are neither documentation nor classes."""
    tree = ast.parse(source)
    ignored: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            ignored.add(id(node.value))
        elif isinstance(node, ast.keyword) and node.arg in NO_WORDS_IN:
            ignored.update(id(part) for part in ast.walk(node.value))
        elif isinstance(node, ast.Compare):
            ignored.update(id(part) for part in node.comparators)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in ignored:
            continue
        if A_WORD.search(node.value) and not NAMES.fullmatch(node.value):
            yield node.value


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_of_its_own(path):
    assert list(spoken_in_script(path.read_text())) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_says_nothing_of_its_own(path):
    if not path.name.endswith("scripts.py"):
        assert list(spoken_in_module(path.read_text())) == []


def test_every_word_is_there_and_every_one_is_said():
    sources = "\n".join(COMMENT.sub("", path.read_text()) for path in (*SCRIPTS, *MODULES, APP))
    asked = set(re.findall(r"""\bsay\(\s*["']([\w.]+)["']""", sources))
    assert asked <= WORDS.keys()
    assert {key for key in WORDS if f'"{key}"' not in sources} == set()


def test_values_take_their_places():
    key = next(key for key, words in WORDS.items() if words.count("{") == 1)
    place = re.search(r"\{(\w+)\}", WORDS[key])
    assert place
    assert say(key, **{place[1]: "this"}) == WORDS[key].replace(place[0], "this")
    with pytest.raises(KeyError):
        say(key)
