"""The figures of a run as pictures beside the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from bench.report import ROOT

__all__ = ["costs", "delays"]

FOLDER = ROOT / "docs" / "benchmarks"
OURS, OTHERS = "#17694f", ("#b0653a", "#6c5fa7", "#8a8f39", "#3f7cac", "#a14a76", "#7a7a7a", "#c3a13b")
WINDOW = 25


def delays(measured: Mapping[str, Sequence[float]]) -> None:
    """Draw how late each token was, over the answer."""
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    for (name, delays_ms), color in zip(measured.items(), _colors(measured), strict=True):
        # The worst of every few tokens: a mean would hide what a reader sees.
        worst = [max(delays_ms[at : at + WINDOW]) for at in range(0, len(delays_ms), WINDOW)]
        axes.plot(range(0, len(delays_ms), WINDOW), worst, label=name, color=color, linewidth=1.6)
    axes.set(
        yscale="log", xlabel="token", ylabel="ms from gateway to paint", title=f"Worst of every {WINDOW}"
    )
    axes.grid(axis="y", alpha=0.3)
    axes.legend(ncols=4, frameon=False, fontsize="small")
    _keep(figure, "stream-delays.svg")


def costs(measured: Mapping[str, Sequence[float]], columns: Sequence[str]) -> None:
    """Draw a bar for each chat and column."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    names, colors = list(measured), _colors(measured)
    grid = figure.subplots(2, (len(columns) + 1) // 2, squeeze=False)
    for number, (axes, column) in enumerate(zip(grid.flat, columns, strict=False)):
        figures = [measured[name][number] for name in names]
        axes.barh(names, figures, color=colors)
        axes.bar_label(axes.containers[0], [f"{figure:,.0f}" for figure in figures], fontsize=7, padding=2)
        axes.set_xscale("log")
        axes.set_title(column, fontsize="small")
        axes.tick_params(labelsize=7, labelleft=number % grid.shape[1] == 0)
        axes.margins(x=0.3)
    for axes in grid.flat[len(columns) :]:
        axes.axis("off")
    _keep(figure, "stream-costs.svg")


def _colors(names: Mapping[str, object]) -> list[str]:
    others = iter(OTHERS)
    return [OURS if name == "Chat UI" else next(others) for name in names]


def _keep(figure: Figure, name: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Without a date in it, so that the same figures make the same file.
    figure.savefig(Path(FOLDER / name), metadata={"Date": None})
