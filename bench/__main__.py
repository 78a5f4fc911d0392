"""The command line: one subcommand per benchmark.

A benchmark is a module whose docstring begins with what it measures. It has a ``PAGE`` (where its result is
published), ``add_arguments(parser)`` and ``run(arguments)``, which returns the result as markdown.
"""

from __future__ import annotations

import argparse
import signal
import sys
import traceback

from bench import clients, decoders, hosted, long, many, profile, report, start, stream, tabs

BENCHMARKS = {
    "decoders": decoders,
    "gateway": clients,
    "stream": stream,
    "many": many,
    "profile": profile,
    "long": long,
    "start": start,
    "hosted": hosted,
    "tabs": tabs,
}


# What `all` measures: the site as a whole.
WHOLE = ("stream", "many", "profile", "long", "start")


def main() -> int:
    """Do what the command line asks for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and cost of Chat UI.")
    commands = parser.add_subparsers(dest="benchmark", required=True)
    for name, module in BENCHMARKS.items():
        summary = (module.__doc__ or "").split("\n")[0]
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("--write", action="store_true", help=f"put the result into {module.PAGE}")
        module.add_arguments(command)
    everything = commands.add_parser("all", help=f"{', '.join(WHOLE)}, one after the other")
    everything.add_argument("--write", action="store_true", help="put the results into docs/benchmarks")
    arguments = parser.parse_args()
    # Or what was started to be measured would be left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if arguments.benchmark != "all":
        measure(arguments.benchmark, arguments)
        return 0
    write = ["--write"] if arguments.write else []
    return max(measure_apart(name, parser.parse_args([name, *write])) for name in WHOLE)


def measure(name: str, arguments: argparse.Namespace) -> None:
    """Run one benchmark, and put its result where it is asked for."""
    module = BENCHMARKS[name]
    result = module.run(arguments)
    print(result, flush=True)
    if arguments.write:
        report.publish(module.PAGE, name, result)


def measure_apart(name: str, arguments: argparse.Namespace) -> int:
    """Run one benchmark of several: what goes wrong is said, and keeps no other from running."""
    try:
        measure(name, arguments)
    except Exception:
        print(f"{name} failed:", file=sys.stderr)
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
