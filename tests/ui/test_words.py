"""What a person reads stands in two files, the page's words and the site's, and nowhere else."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chat_ui
from chat_ui import words as site
from chat_ui.ui import words as page

HOUSE = Path(chat_ui.__file__).parent
UI = HOUSE / "ui"
SCRIPTS = sorted(path for kind in ("*.js", "*.jsx") for path in UI.rglob(kind))
PAGE = [*sorted(UI.rglob("*.py")), HOUSE / "chat_ui.py"]
# All whose words a person reads. The store speaks to whoever runs the site, about files and servers.
LAYERS = ("state", "web", "transfer", "chat", "accounts", "gateway")
SITE = [path for layer in LAYERS for path in sorted((HOUSE / layer).rglob("*.py"))]
# Links of components to scripts and packages, what the demo gateway answers, and what only whoever runs the
# site is told: in the log, at the start, of its figures.
OTHER_TEXTS = {"scripts.py", "steering_scripts.py", "demo_texts.py", "demo.py"}
OTHER_TEXTS |= {"unknown.py", "configured.py", "operating.py"}
# What httpx is told, whose errors become words elsewhere.
OTHER_TEXTS |= {"http1.py"}

# What looks like a word and is none: names of keys, and of what browsers, servers and libraries define.
NAMES = re.compile(
    r"Enter|Escape|Tab|Home|End|Page(Up|Down)|Arrow(Up|Down|Left|Right)|Shell|Range|Content-Security-Policy"
    r"|(Content|Cache|User|Accept)-\w+|Bearer ?|Ollama|LiteLLM|OpenAI|Anthropic|OpenRouter"
    r"|Firefox|Edge?|Chrome|Safari|Opera|Android|Windows|Mac OS X|Linux|light dark|AsyncConnection|State|Told"
)
# Said to a model, to another program, or to nobody.
NOT_TO_A_PERSON = (
    "Your answer was cut off. It ended with",
    "Give this exchange a title",
    "(The conversation begins with your answer.)",
    "Say hello.",
    "nobody has this password",
    "the connection is closed",
    "without sending complete",
    "message event",
    "A hosted site isn't run by 'reflex run'",
    "An answer could not be saved (attempt",
    "An answer's journal could not be written",
    "It isn't known yet whether a turn was stored",
    "it doesn't answer",
    "run ",
    "Wallet(mainnet=",
)
IN_STRING = re.compile(r"""(["'`])([A-Z][a-z]+(?:[^"'`\n]*))\1""")
BETWEEN_TAGS = re.compile(r"""(?<!=)>\s*([A-Za-z][^<>{}]*?)\s*</""")
COMMENT = re.compile(r"^\s*//[^\n]*|/\*.*?\*/", re.MULTILINE | re.DOTALL)
NO_WORDS_IN = {"class_name", "button_class", "panel_class", "href", "src", "to", "on_change", "key", "tag"}
MARKUP = re.compile(r"""[<>]|=["']|^"|^button """)
A_WORD = re.compile(r"^[A-Z][a-z]+|[a-z]+ [a-z]+")
BESIDE_A_VALUE = re.compile(r"(^|\s)[a-z]{3,}(\s|$)")
# Heard by somebody else: whoever runs the site, a model, the type checker.
OTHER_EARS = re.compile(
    r"log\.\w+|warn|SystemExit|SettingsError|RedisAwayError|note_unknown|re\.compile|cast|ValueError|derived"
)
ASKED = re.compile(r"""\bsay\(\s*["']([\w.]+)["']""")
ASKED_BY_PART = re.compile(r"""\bsay\(\s*f"([\w.]+\.)\{""")


def spoken_in_script(source: str) -> Iterator[str]:
    """What a script would put on the page by itself."""
    code = COMMENT.sub("", source)
    for _, text in IN_STRING.findall(code):
        if not NAMES.fullmatch(text):
            yield text
    yield from BETWEEN_TAGS.findall(code)


def spoken_in_module(source: str) -> Iterator[str]:
    """What a module would say to a person by itself."""
    tree = ast.parse(source)
    ignored = {id(part) for node in ast.walk(tree) for apart in _not_spoken(node) for part in ast.walk(apart)}
    beside_values = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in ignored:
            text, is_part = node.value, id(node) in beside_values
            is_name = NAMES.fullmatch(text) or MARKUP.search(text) or text.startswith(NOT_TO_A_PERSON)
            if not is_name and (A_WORD.search(text) or (is_part and BESIDE_A_VALUE.search(text))):
                yield text


def _not_spoken(node: ast.AST) -> list[ast.expr]:
    """What of a node nobody reads on the page."""
    match node:
        case ast.Expr(value=ast.Constant() as documentation):
            return [documentation]
        case ast.Assign(targets=[ast.Name(id="__all__")], value=names):
            return [names]
        case ast.keyword(arg=name, value=value) if name in NO_WORDS_IN:
            return [value]
        case ast.Compare(comparators=others):
            return others
        case ast.Call(func=func, args=arguments) if OTHER_EARS.fullmatch(ast.unparse(func)):
            return arguments
        case _:
            return []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_of_its_own(path):
    assert list(spoken_in_script(path.read_text())) == []


@pytest.mark.parametrize("path", [*PAGE, *SITE], ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_module_says_nothing_of_its_own(path):
    if path.name not in OTHER_TEXTS:
        assert list(spoken_in_module(path.read_text())) == []


@pytest.mark.parametrize(
    ("file", "speakers"),
    [(UI / "components" / "words.json", [*SCRIPTS, *PAGE]), (HOUSE / "words.json", SITE)],
    ids=["page", "site"],
)
def test_every_word_is_there_and_every_one_is_said(file, speakers):
    words = json.loads(file.read_text())
    sources = "\n".join(COMMENT.sub("", path.read_text()) for path in speakers)
    beginnings = tuple(ASKED_BY_PART.findall(sources))
    assert set(ASKED.findall(sources)) <= words.keys()
    assert all(any(key.startswith(beginning) for key in words) for beginning in beginnings)
    assert {
        key for key in words if f'"{key}"' not in sources and not key.startswith(beginnings or "-")
    } == set()


@pytest.mark.parametrize(("say", "key"), [(page.say, "code.all.count"), (site.say, "details.seconds")])
def test_values_take_their_places(say, key):
    place = "count" if key == "code.all.count" else "seconds"
    assert "this" in say(key, **{place: "this"})
    with pytest.raises(KeyError):
        say(key)
