"""What axe finds wrong with a page."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page


async def found_by_axe(page: Page) -> list[str]:
    """Each problem with the page as it stands, in light and in dark."""
    problems = []
    for scheme in ("light", "dark"):
        # A color on its way to another is neither.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        results = await Axe().run(page)
        problems += [
            f"{scheme}: {rule['id']}: {node['html'][:140]} {node['failureSummary'][:300]}"
            for rule in results.response["violations"]
            for node in rule["nodes"]
        ]
    return problems
