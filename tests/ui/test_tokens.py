"""Colors, type and corners of the page come from one file."""

import re
from pathlib import Path

import pytest

import chat_ui.ui

ASSETS = Path(chat_ui.ui.__file__).parents[2] / "assets"
TOKENS = (ASSETS / "tokens.css").read_text()
SHEETS = [path for path in sorted(ASSETS.glob("*.css")) if path.name != "tokens.css"]
SCRIPTS = "".join(path.read_text() for path in Path(chat_ui.ui.__file__).parent.rglob("*.js*"))

A_COLOR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(")
FROM_TOKENS = re.compile(
    r"(?:font-size|font-weight|border-radius): (?!var\(|inherit|400|0|50%|[\d.]+r?em)[^;]*;"
)
# What stands before "+" or "~", where it is a tag or anything at all.
BESIDE_ANYTHING = re.compile(r"(?:^|[\s>(,])(?:\*|[a-z][a-z0-9]*|:is\([a-z0-9, ]+\)) *[+~] (?!\d)")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_stylesheet_has_no_color_size_or_corner_of_its_own(sheet):
    lines = sheet.read_text().splitlines()
    assert [line for line in lines if A_COLOR.search(line) or FROM_TOKENS.search(line)] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_no_rule_is_about_what_stands_beside_just_anything(sheet):
    """A browser has one list of these for all of the page, and goes through it wherever an element comes."""
    selectors = [line for line in sheet.read_text().splitlines() if line.rstrip().endswith(("{", ","))]
    assert [line for line in selectors if BESIDE_ANYTHING.search(line)] == []


def test_every_token_that_is_asked_for_is_there_and_every_one_is_asked_for():
    asked = set(re.findall(r"var\((--[\w-]+)", TOKENS + "".join(path.read_text() for path in SHEETS)))
    asked |= {f"--code-{kind}" for kind in re.findall(r'colored\("(\w+)"', SCRIPTS)}
    there = set(re.findall(r"(--[\w-]+):", TOKENS))
    assert asked - there - set(re.findall(r"--[\w-]+", SCRIPTS)) == set()
    assert there - asked == set()
