"""What axe finds wrong with a page."""

from collections.abc import Collection

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

SCRIPT = Axe().axe_script
# What is written on a control is in its name too, or whoever speaks to it can't call it.
SPOKEN_TO = "label-content-name-mismatch"
# Stylesheets are not fetched again: that is for a rule that is off, and for sounds, of which there are none.
# A message in which nothing was found, or the sidebar, is not looked at again as long as it is the same.
FIND = """async ([look, options]) => {
  const found = (window.foundNothingIn ??= {});
  const before = (found[look] ??= new WeakMap());
  const parts = [...document.querySelectorAll('article, nav')].map(it => [it, it.outerHTML + innerWidth]);
  const exclude = parts.filter(([it, now]) => before.get(it) === now).map(([it]) => it);
  const { violations } = await axe.run(
    { include: [document], exclude },
    { resultTypes: ['violations'], preload: false, ...options },
  );
  const problems = violations.flatMap(({ id, nodes }) => nodes.map(it => [id, it]));
  if (problems.length === 0) for (const [it, now] of parts) before.set(it, now);
  return problems.map(([id, { html, failureSummary }]) => [id, html, failureSummary]);
}"""
# Only what is about colors may come to another end in the dark, and it takes the most time.
COLORS = ("color-contrast", "link-in-text-block")
NAMES = {SPOKEN_TO: {"enabled": True}}
OPTIONS = {
    "light": {"rules": NAMES},
    "dark": {"runOnly": COLORS},
    "colorless": {"rules": NAMES | {rule: {"enabled": False} for rule in COLORS}},
}


async def found_by_axe(page: Page, looks: Collection[str] = ("light", "dark")) -> list[str]:
    """Each problem with the page as it stands, in light and in dark, or all but those of colors."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SCRIPT)
    problems = []
    for look in looks:
        # A color on its way to another is neither.
        scheme = "dark" if look == "dark" else "light"
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        problems += [
            f"{look}: {rule}: {html[:140]} {summary[:300]}"
            for rule, html, summary in await page.evaluate(FIND, [look, OPTIONS[look]])
        ]
    return problems
