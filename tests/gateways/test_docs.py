"""What docs/gateways.md says of how each feature was verified is true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs" / "gateways.md"
GATEWAYS = {
    *["token-hub", "TokenHub", "ai&", "x-router", "LLMHub", "Anthropic", "OpenAI", "OpenRouter"],
    *["Ollama", "LM Studio", "llama.cpp", "vLLM", "LiteLLM", "any of them"],
}
BY_DIRECTORY = {
    "real": {"LiteLLM", "aimock", "llama-cpp-python"},
    "gateways": {"local server"},
    "gateway": {"local server", "in memory"},
    "browser": {"the page"},
}
ROWS = re.findall(
    r"^\| ([^|]+) \| ([^|]+) \| ([^|:]+): `([^`:]+)::([^`]+)` \|$",
    DOCS.read_text(encoding="utf-8").partition("## How each feature was verified")[2],
    re.MULTILINE,
)


def test_every_row_is_read_and_every_gateway_has_one() -> None:
    rows = DOCS.read_text(encoding="utf-8").partition("| how verified |")[2].strip().splitlines()[1:]
    assert len(ROWS) == len(rows)
    assert {gateway for gateway, *_ in ROWS} == GATEWAYS


@pytest.mark.parametrize(("file", "name"), sorted({(row[3], row[4]) for row in ROWS}))
def test_the_test_is_there(file: str, name: str) -> None:
    found: list[ast.stmt] = ast.parse((TESTS / file).read_text(encoding="utf-8")).body
    for part in name.split("::"):
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        wanted = next((each for each in found if isinstance(each, kinds) and each.name == part), None)
        assert wanted is not None, f"{file} has no {name}"
        found = wanted.body


@pytest.mark.parametrize(("how", "file"), sorted({(row[2], row[3]) for row in ROWS}))
def test_what_was_done_is_called_by_its_name(how: str, file: str) -> None:
    called = set(re.split(r", | and ", how))
    assert called <= BY_DIRECTORY[file.partition("/")[0]]


def test_the_versions_are_those_that_are_locked() -> None:
    text = DOCS.read_text(encoding="utf-8")
    told = dict(re.findall(r"(LiteLLM proxy|aimock|llama-cpp-python) (\d+\.\d+\.\d+)", text))
    locked = (TESTS / "real" / "litellm.lock").read_text() + (TESTS / "real" / "llama_cpp.lock").read_text()
    assert f"\nlitellm=={told['LiteLLM proxy']}\n" in locked
    assert f"\nllama-cpp-python=={told['llama-cpp-python']}\n" in locked
    assert f'"@copilotkit/aimock": "{told["aimock"]}"' in (TESTS / "real" / "package.json").read_text()
