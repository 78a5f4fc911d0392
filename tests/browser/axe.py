"""What axe finds wrong with a page."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

# What is written on a control is in its name too, or whoever speaks to it can't call it.
SPOKEN_TO = "label-content-name-mismatch"
OPTIONS = {"resultTypes": ["violations"], "rules": {SPOKEN_TO: {"enabled": True}}}
# What such a button shows is the value that was chosen, which describes it, as that of a select box would.
SHOWS_ITS_VALUE = 'aria-haspopup="menu"'


async def found_by_axe(page: Page) -> list[str]:
    """Each problem with the page as it stands, in light and in dark."""
    problems = []
    for scheme in ("light", "dark"):
        # A color on its way to another is neither.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        results = await Axe().run(page, options=OPTIONS)
        problems += [
            f"{scheme}: {rule['id']}: {node['html'][:140]} {node['failureSummary'][:300]}"
            for rule in results.response["violations"]
            for node in rule["nodes"]
            if not (rule["id"] == SPOKEN_TO and SHOWS_ITS_VALUE in node["html"])
        ]
    return problems
