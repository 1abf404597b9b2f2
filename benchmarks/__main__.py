"""Measures each part against its limit, each in a process of its own: ``python -m benchmarks [names]``.

What a search finds is measured by the other modules here, one by one, as an experiment takes up to hours: `landscape`,
`landscapes`, `predictor`, `predictor_noise`, `real_tasks`, `replay`, `search_over_http`, `transfer`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.timing import Measurement, table, write_json

# These write their rows with --json FILE and stand in the table at the end; the quickest first.
LIMITS = ("start_up", "acquisition", "predictor_fit", "reading_and_writing", "busy_machine", "quickstart_profile")
# These print tables of their own.
OTHERS = ("white_box", "black_box_throughput")


def run(name: str, folder: Path) -> list[Measurement]:
    """Returns what one benchmark measured; its own table goes to standard output.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    written = folder / f"{name}.json"
    options = ["--json", str(written)] if name in LIMITS else []
    print(f"\n## {name}\n", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=True)
    return read_json(written) if options else []


def read_json(path: Path) -> list[Measurement]:
    """Returns what `write_json` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Measurement(**{key: value for key, value in row.items() if key != "ratio"}) for row in rows]


def summary(found: Iterable[tuple[str, Sequence[Measurement]]]) -> str:
    """One table for each benchmark, under its name."""
    return "\n\n".join(f"### {name}\n\n{table(rows)}" for name, rows in found if rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmarks in turn, and goes on where one fails; 1 where one did."""
    known = (*LIMITS, *OTHERS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(known)}; all by default")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="folder of the JSON files")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.names) - set(known)):
        parser.error(f"expected names of {', '.join(known)} but got {', '.join(unknown)}")
    options.output.mkdir(parents=True, exist_ok=True)
    found, failed = [], []
    for name in options.names or known:
        try:
            found.append((name, run(name, options.output)))
        except subprocess.CalledProcessError:
            failed.append(name)
    print(f"\n## Limits\n\n{summary(found)}")
    write_json(options.output / "limits.json", [row for _, rows in found for row in rows])
    for name in failed:
        print(f"{name} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
