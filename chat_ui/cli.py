"""``chat-ui``: what whoever runs the site types."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from platform import libc_ver

from chat_ui import page
from chat_ui.monitoring.folder import FOLDER_VARIABLE, fresh_folder
from chat_ui.monitoring.logs import are_json
from chat_ui.page import ROOT, compile_page
from chat_ui.settings import Settings, SettingsError, load_settings

__all__ = ["main", "production"]

PAGE_DIR = ROOT / ".web-serve"
DEFAULT_PORT = 3000
# As shells have it: 128, and the signal of Ctrl-C.
INTERRUPTED = 130
SERVER_LINES = ROOT / "chat_ui" / "monitoring" / "server_lines.json"
# Between two tokens the processor forgets where the server's memory lies, and in pages of 2 MB there is less
# of that to be found again: an answer takes a tenth to a fifth less. Only the C library's allocator has them:
# https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html
IN_HUGE_PAGES = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
# The folder of these beside the database.
FIGURES = "figures"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says.

    Raises:
        SystemExit: it can't be done; the text says why and what to do.
    """
    parser = argparse.ArgumentParser(prog="chat-ui", description="A self-hosted streaming chat site.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve_command = commands.add_parser("serve", help="run the site in production, on one port")
    serve_command.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    serve_command.add_argument(
        "--port", default=DEFAULT_PORT, type=_port, help="the port to listen on (%(default)s)"
    )
    serve_command.add_argument(
        "--workers",
        default=1,
        type=_count,
        help="how many processes serve it; more than one needs PostgreSQL and Redis (%(default)s)",
    )
    commands.add_parser("compile", help="compile the page ahead, as for an image; serving does it otherwise")
    invite_command = commands.add_parser("invite", help="print a link by which somebody comes in, once")
    either = invite_command.add_mutually_exclusive_group()
    either.add_argument("--admin", action="store_true", help="they will run the site")
    either.add_argument("--reset", metavar="NAME", help="a new password for somebody who is there")
    doctor_command = commands.add_parser("doctor", help="look the site over, and say what is wrong")
    doctor_command.add_argument(
        "--ask", action="store_true", help="have each gateway write a word, which may cost"
    )
    for name, what in (
        ("export", "write all conversations of a person to a file"),
        ("import", "add the conversations of such a file to a person's own; none comes twice"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("file", type=Path)
        command.add_argument("--person", metavar="NAME", help="whose, on a hosted site")
    try:
        _do(parser.parse_args(arguments))
    except KeyboardInterrupt:
        print("Ended before it was done. Nothing is half done: type it again.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _do(wanted: argparse.Namespace) -> None:
    if wanted.command == "invite":
        invite(admin=wanted.admin, reset=wanted.reset)
    elif wanted.command == "compile":
        _check_checkout()
        compile_page(PAGE_DIR, os.environ, DEFAULT_PORT)
    elif wanted.command == "doctor":
        sys.exit(doctor(ask=wanted.ask))
    elif wanted.command in ("export", "import"):
        carry(wanted.command, wanted.file, wanted.person)
    else:
        serve(wanted.host, wanted.port, wanted.workers)


def invite(*, admin: bool, reset: str | None) -> None:
    """Print a link for somebody new, or for a new password of somebody who is there.

    Raises:
        SystemExit: it can't be made; the text says why.
    """
    # Not at the top: it brings the database along, which serving in this process doesn't need.
    from chat_ui import operator  # noqa: PLC0415

    if reset is None:
        print(operator.invite_link("admin" if admin else "user"))
    else:
        print(operator.reset_link(reset))


def carry(command: str, file: Path, person: str | None) -> None:
    """Export a person's conversations to a file, or import those of one, and say how many.

    Raises:
        SystemExit: it can't be done; the text says why.
    """
    from chat_ui import operator  # noqa: PLC0415

    if command == "export":
        print(f"Conversations exported to {file}: {operator.export_to(file, person)}.")
        return
    came = operator.import_from(file, person)
    print(f"Conversations imported: {len(came.added)}; here already: {came.known}.")


def doctor(*, ask: bool) -> int:
    """Look the site over, with the settings of this environment, and print what was found.

    Args:
        ask: whether to have each gateway write a word.

    Returns:
        0 where nothing has to be mended.
    """
    from chat_ui.doctor.findings import report  # noqa: PLC0415
    from chat_ui.doctor.rounds import look_over  # noqa: PLC0415

    findings = asyncio.run(look_over(ask=ask))
    print(report(findings))
    return int(any(one.state == "failure" for one in findings))


def serve(host: str, port: int, workers: int = 1) -> None:
    """Become the server of the site; its page is compiled first where it has changed since the last time.

    Raises:
        SystemExit: it can't start; the text says why and what to do.
    """
    _check_checkout()
    settings = _settings_for(workers)
    _check_port(host, port)
    compile_page(PAGE_DIR, os.environ, port)
    if settings.hosted:
        _invite_first_admin()
    elif not _is_own_machine(host):
        print(
            "This site has no accounts: whoever reaches that address reads its chats and spends on its keys. "
            "Listen on 127.0.0.1, or set CHAT_UI_HOSTED=1 (docs/hosting.md).",
            flush=True,
        )
    command, environment = production(
        PAGE_DIR,
        {**os.environ, **_places(settings)},
        host=host,
        port=port,
        workers=workers,
        redis_url=settings.redis_url.get_secret_value() if settings.redis_url else None,
        figures=fresh_folder(settings.data_dir / FIGURES) if workers > 1 else None,
        json_lines=are_json(settings),
    )
    os.chdir(ROOT)
    os.execve(command[0], command, environment)  # noqa: S606


def _places(settings: Settings) -> dict[str, str]:
    """Where the data and the settings lie: the server, which runs elsewhere, would look from there."""
    config = {} if settings.config is None else {"CHAT_UI_CONFIG": str(settings.config)}
    url = settings.database_url or ""
    database = {"CHAT_UI_DATABASE_URL": url} if url.startswith("sqlite") else {}
    return {"CHAT_UI_DATA_DIR": str(settings.data_dir), **config, **database}


def _is_own_machine(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _check_checkout() -> None:
    if not (ROOT / "rxconfig.py").is_file():
        raise SystemExit("chat-ui runs in a checkout of the project: there is no rxconfig.py here.")


def _invite_first_admin() -> None:
    # Not at the top: it brings the database along, which takes a second.
    from chat_ui import operator  # noqa: PLC0415

    if link := operator.first_link():
        print(f"Nobody runs this site yet. Within a day, become its admin here, once:\n  {link}", flush=True)


def _settings_for(workers: int) -> Settings:
    """The settings, if so many processes can serve the site by them.

    Raises:
        SystemExit: a setting can't be used, or what several workers need isn't set.
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        raise SystemExit(f"Chat UI can't start. {error}") from None
    shares = (settings.database_url or "").startswith("postgres") and settings.redis_url is not None
    if workers > 1 and not shares:
        raise SystemExit(
            f"{workers} workers need a history that they share and a way to tell each other what happens: "
            "set CHAT_UI_DATABASE_URL to a PostgreSQL database and CHAT_UI_REDIS_URL to a Redis server, or "
            "leave --workers away. On SQLite the site runs in one process."
        )
    return settings


def production(  # noqa: PLR0913
    directory: Path,
    inherited: Mapping[str, str],
    *,
    host: str,
    port: int,
    workers: int = 1,
    redis_url: str | None = None,
    figures: Path | None = None,
    json_lines: bool = False,
) -> tuple[list[str], dict[str, str]]:
    """The command that serves a compiled page, and its environment.

    Args:
        directory: where the page was compiled.
        inherited: the environment to add to.
        host: the address to listen on.
        port: the port to listen on.
        workers: how many processes serve it.
        redis_url: the Redis where Reflex keeps the state of pages that may come back to another of them.
        figures: where several processes put what they count.
        json_lines: whether the server's own log lines are JSON, as the site's are.
    """
    command = [
        *(sys.executable, "-m", "chat_ui.served"),
        *(f"--host={host}", f"--port={port}", f"--workers={workers}"),
        *([f"--log-config={SERVER_LINES}"] if json_lines else []),
    ]
    memory = IN_HUGE_PAGES if libc_ver()[0] == "glibc" else {}
    environment = memory | page.environment(directory, inherited, port)
    # One process here may be one of several, on other machines.
    if redis_url:
        environment |= {
            "REFLEX_REDIS_URL": redis_url,
            "REFLEX_STATE_MANAGER_MODE": "redis",
            # Without, every change of a page's state would cost four round trips.
            "REFLEX_OPLOCK_ENABLED": "true",
        }
    if figures is not None:
        environment[FOLDER_VARIABLE] = str(figures)
    return command, environment | {
        "REFLEX_ENV_MODE": "prod",
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    }


def _port(text: str) -> int:
    port = _number(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port


def _count(text: str) -> int:
    count = _number(text)
    if count < 1:
        raise argparse.ArgumentTypeError("it takes at least one")
    return count


def _number(text: str) -> int:
    # Python reads the digits of every script, blanks around them and underscores between them.
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    raise argparse.ArgumentTypeError("it takes a number, in digits from 0 to 9")


def _check_port(host: str, port: int) -> None:
    # To a socket it would be every address of the machine.
    if not host:
        raise SystemExit("--host names no address. Name one, 127.0.0.1 perhaps, or leave it away.")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # What only waits for its time to run out is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            words = f"Chat UI can't listen on {host}, port {port}: {error.strerror}."
            raise SystemExit(f"{words} Name another one with --host or --port.") from None
