"""What axe finds wrong with a page."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

SCRIPT = Axe().axe_script
# Stylesheets are not fetched again: that is for a rule that is off, and for sounds, of which there are none.
# A message in which nothing was found is not looked at again as long as it is the same.
FIND = """async ([scheme, options]) => {
  const found = (window.foundNothingIn ??= {});
  const before = (found[scheme] ??= new WeakMap());
  const messages = [...document.querySelectorAll('article')].map(it => [it, it.outerHTML + innerWidth]);
  const exclude = messages.filter(([it, now]) => before.get(it) === now).map(([it]) => it);
  const { violations } = await axe.run(
    { include: [document], exclude },
    { resultTypes: ['violations'], preload: false, ...options },
  );
  if (violations.length === 0) for (const [it, now] of messages) before.set(it, now);
  return violations;
}"""
# What is written on a control is in its name too, or whoever speaks to it can't call it.
SPOKEN_TO = "label-content-name-mismatch"
# What such a button shows is the value that was chosen, which describes it, as that of a select box would.
SHOWS_ITS_VALUE = 'aria-haspopup="menu"'
# Only what is about colors may come to another end in the dark.
OPTIONS = {
    "light": {"rules": {SPOKEN_TO: {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}


async def found_by_axe(page: Page) -> list[str]:
    """Each problem with the page as it stands, in light and in dark."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SCRIPT)
    problems = []
    for scheme, options in OPTIONS.items():
        # A color on its way to another is neither.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        problems += [
            f"{scheme}: {rule['id']}: {node['html'][:140]} {node['failureSummary'][:300]}"
            for rule in await page.evaluate(FIND, [scheme, options])
            for node in rule["nodes"]
            if not (rule["id"] == SPOKEN_TO and SHOWS_ITS_VALUE in node["html"])
        ]
    return problems
