"""The command line: one subcommand per benchmark.

A benchmark is a module whose docstring begins with what it measures. It has a ``PAGE`` (where its result is
published), ``add_arguments(parser)`` and ``run(arguments)``, which returns the result as markdown.
"""

from __future__ import annotations

import argparse
import signal
import sys

from bench import clients, decoders, many, report, stream

BENCHMARKS = {"decoders": decoders, "gateway": clients, "stream": stream, "many": many}


def main() -> int:
    """Do what the command line asks for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and cost of Chat UI.")
    commands = parser.add_subparsers(dest="benchmark", required=True)
    for name, module in BENCHMARKS.items():
        summary = (module.__doc__ or "").split("\n")[0]
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("--write", action="store_true", help=f"put the result into {module.PAGE}")
        module.add_arguments(command)
    arguments = parser.parse_args()
    # Or what was started to be measured would be left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    module = BENCHMARKS[arguments.benchmark]
    result = module.run(arguments)
    print(result)
    if arguments.write:
        report.publish(module.PAGE, arguments.benchmark, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
