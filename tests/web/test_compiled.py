"""The compiled page is read as it was written, whatever encoding is the machine's own."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

INLINE = "document.title = 'Café…'"
SITE = """
import sys
from pathlib import Path
from chat_ui.page import address_page
from chat_ui.ui.first import first_script
from chat_ui.web.headers import hashes_of_scripts

first_script()
print(*hashes_of_scripts(Path(sys.argv[1])))
address_page(Path(sys.argv[1]))
"""
ANOTHER_ENCODING = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_a_page_is_utf_8_on_any_machine(tmp_path: Path) -> None:
    script = tmp_path / "build" / "client" / "assets" / "reflex-env-1.js"
    script.parent.mkdir(parents=True)
    script.write_text('export {"PING": "http://localhost:3000/ping"}; // Café…', encoding="utf-8")
    (tmp_path / "index.html").write_text(f"<p>Café</p><script>{INLINE}</script>", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SITE, tmp_path],
        env=os.environ | ANOTHER_ENCODING,
        capture_output=True,
        text=True,
        check=False,
    )
    digest = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    assert (done.stdout, done.stderr) == (f"'sha256-{digest}'\n", "")
    assert script.read_text(encoding="utf-8") == ('export {"PING": `${location.origin}/ping`}; // Café…')
