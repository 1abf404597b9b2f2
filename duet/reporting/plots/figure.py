"""Draws figures: quiet axes in the colours of a light or of a dark page, written as SVG and PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from duet.atomic_files import replace_bytes, replace_text
from duet.reporting.html.elements import Picture


@dataclass(frozen=True)
class Palette:
    """Colours of a page: ink, quiet ink, background, and a cycle that stays apart for the colour-blind."""

    ink: str
    quiet: str
    paper: str
    cycle: tuple[str, ...]


LIGHT = Palette(
    "#1b1f24", "#8a929c", "#ffffff",
    ("#0b6e99", "#c2571a", "#4f7a28", "#8a4fa3", "#a68a00", "#7a5c4a", "#c2317a"),  # the paper's methods and ours
)  # fmt: skip
DARK = Palette(
    "#e6e8eb", "#7d8590", "#16191d",
    ("#58b4dd", "#f0945a", "#93c464", "#c79ae0", "#dcc04a", "#c2a08c", "#f07fb4"),
)  # fmt: skip


@dataclass(frozen=True)
class FigureFile:
    """A figure that can be drawn from the runs.

    Args:
        name: of its files.
        title: what it shows.
        draw: draws it in a palette.
    """

    name: str
    title: str
    draw: Callable[[Palette], Figure]

    def svg(self, palette: Palette) -> str:
        """As text, the same for the same runs."""
        return self._save(palette, "svg").decode()

    def png(self, palette: Palette) -> bytes:
        """For where no vector picture can be shown."""
        return self._save(palette, "png")

    def _save(self, palette: Palette, form: str) -> bytes:
        file = io.BytesIO()
        with style(palette), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from")  # a name in a script that the font lacks
            metadata = {"Date": None} if form == "svg" else {}
            self.draw(palette).savefig(file, format=form, metadata=metadata, bbox_inches="tight", pad_inches=0.15)
        return file.getvalue()


def drawable(text: str, longest: int = 60) -> str:
    """Returns a name in the letters that a figure can show, whatever the name's source.

    >>> drawable("a\\x00b" + "c" * 100, 5)
    'a\ufffdbcc…'
    """
    clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[: longest + 1])
    return clean if len(clean) <= longest else f"{clean[:longest]}…"


@contextmanager
def style(palette: Palette) -> Iterator[None]:
    """Quiet axes, no box, no font that is not there."""
    with mpl.rc_context({
        "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
        "axes.titlepad": 12, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": palette.quiet,
        "axes.labelcolor": palette.ink, "text.color": palette.ink, "xtick.color": palette.ink,
        "ytick.color": palette.ink, "axes.facecolor": palette.paper, "figure.facecolor": palette.paper,
        "savefig.facecolor": palette.paper, "axes.prop_cycle": cycler(color=list(palette.cycle)),
        "legend.frameon": False, "grid.color": palette.quiet, "grid.alpha": 0.25, "axes.axisbelow": True,
        "savefig.dpi": 160, "svg.hashsalt": "duet", "svg.fonttype": "path",
        "text.parse_math": False,  # a task may have a dollar sign in its name
    }):  # fmt: skip
        yield


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def write_figure(figure: FigureFile, folder: Path) -> Picture:
    """Writes the light figure as SVG and PNG and returns it for a page in both palettes."""
    folder.mkdir(parents=True, exist_ok=True)
    light = figure.svg(LIGHT)
    replace_text(folder / f"{figure.name}.svg", light)
    replace_bytes(folder / f"{figure.name}.png", figure.png(LIGHT))
    return figure.title, light, figure.svg(DARK)
