"""A headless Chromium, spoken to directly: what stands between costs time on the machine that is measured."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.asyncio.client import ClientConnection, connect

from bench.processes import ended_with_block

__all__ = ["Tab", "open_tab"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
    "--remote-debugging-port=0",
)
PATIENCE_S = 60.0
LOOK_AGAIN_S = 0.05

Listener = Callable[[dict[str, Any]], None]


class Tab:
    """The one page of a browser.

    Args:
        socket: where its target listens.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._calls: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listeners: dict[str, Listener] = {}

    async def read(self) -> None:
        """Take in what the browser says until it leaves."""
        async for frame in self._socket:
            said = json.loads(frame)
            if "id" in said:
                self._calls.pop(said["id"]).set_result(said)
            elif said["method"] in self._listeners:
                self._listeners[said["method"]](said["params"])

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol.

        Raises:
            RuntimeError: the browser can't do it.
        """
        number = next(self._numbers)
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        said = await asyncio.wait_for(answer, PATIENCE_S)
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']['message']}")
        return said["result"]

    def listen(self, method: str, listener: Listener) -> None:
        """Hand what the browser says under this name to somebody."""
        self._listeners[method] = listener

    async def evaluate(self, script: str) -> Any:
        """What an expression is worth on the page, which may be a promise.

        Raises:
            RuntimeError: it throws.
        """
        options: dict[str, Any] = {"returnByValue": True, "awaitPromise": True}
        said = await self.call("Runtime.evaluate", expression=script, **options)
        if "exceptionDetails" in said:
            raise RuntimeError(f"{script[:80]}: {said['exceptionDetails']}")
        return said["result"].get("value")

    async def until(self, script: str, what: str, within_s: float = PATIENCE_S) -> None:
        """Wait until an expression is true.

        Raises:
            TimeoutError: it isn't, in time.
        """
        try:
            async with asyncio.timeout(within_s):
                while not await self.evaluate(script):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_AGAIN_S)
        except TimeoutError:
            raise TimeoutError(f"{what}: not within {within_s:g} s") from None

    async def open(self, url: str) -> None:
        """Go to an address and wait until it has loaded."""
        await self.call("Page.navigate", url=url)
        with suppress(RuntimeError):
            await self.until("document.readyState === 'complete'", f"{url} loads")

    async def write(self, field: str, text: str, button: str = "") -> None:
        """Write a text into a field, and press a button, or Enter where none is named."""
        await self.until(f"!!document.querySelector({json.dumps(field)})", f"a field {field} is there")
        await self.evaluate(f"document.querySelector({json.dumps(field)}).focus()")
        await self.call("Input.insertText", text=text)
        await asyncio.sleep(0.3)
        if button:
            await self.evaluate(f"document.querySelector({json.dumps(button)}).click()")
            return
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    async def metrics(self) -> dict[str, float]:
        """Chromium's counters: processor time of the page's main thread, in seconds, among them."""
        said = await self.call("Performance.getMetrics")
        return {metric["name"]: metric["value"] for metric in said["metrics"]}

    async def screenshot(self, path: Path) -> None:
        """Keep a picture of the page, for whoever wants to know what went wrong."""
        said = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(said["data"]))  # noqa: ASYNC240


@asynccontextmanager
async def open_tab() -> AsyncIterator[Tab]:
    """A browser that nobody has used before, for as long as the context is open.

    Raises:
        FileNotFoundError: there is no Chromium here.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise FileNotFoundError("There is no Chromium on this machine.")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        with ended_with_block(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            socket_url = _address(Path(profile) / "DevToolsActivePort")
            async with connect(socket_url, max_size=None, ping_interval=None, compression=None) as socket:
                tab = Tab(socket)
                reading = asyncio.create_task(tab.read())
                await tab.call("Page.enable")
                try:
                    yield tab
                finally:
                    reading.cancel()


def _address(told: Path) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if told.exists() and "\n" in told.read_text():
            port = int(told.read_text().split("\n")[0])
            with urlopen(f"http://127.0.0.1:{port}/json/list") as response:
                pages = [target for target in json.load(response) if target["type"] == "page"]
            if pages:
                return pages[0]["webSocketDebuggerUrl"]
        time.sleep(LOOK_AGAIN_S)
    raise TimeoutError(f"Chromium did not start within {PATIENCE_S:g} s.")
