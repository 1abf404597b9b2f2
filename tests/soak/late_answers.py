"""Most answers come too late, and the server charges for each of them: ``python -m tests.soak.late_answers``.

Three of five attempts are answered after the time-out. Under a cap of 16 dollars a search says what it paid and what
else it may have been charged; the server says what it did charge.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.timing import markdown
from duet.exit_codes import PROVIDER
from tests.servers.chat_server import Body, ChatServer, Faults, completion
from tests.soak.stand import ROOT, answer

CAP = 16.0
USAGE, PRICES = (100, 40), {"prompt": 100.0, "completion": 400.0}  # tokens; US dollars per million of them
SETTINGS = (
    "--task.name=t", "--task.train_file=train.jsonl", "--run_dir=run", "--search.cache=run",
    f"--search.budget.max_cost_usd={CAP}", "--white_box=duet.models.fakes.HashingWhiteBox",
    "--black_box=duet.models.openai_black_box.OpenAIBlackBox", "--black_box.init_args.model=m",
    "--black_box.init_args.pause=0.01", "--black_box.init_args.timeout=0.5",
    "--black_box.init_args.max_concurrency=32", "--search.initialisation.mode=request",
    "--search.initialisation.count=24", "--search.iterations=40", "--search.threshold=1.1",
    "--strategy.init_args.candidates=8", "--model.steps=6",
)  # fmt: skip
STARTS = 5  # at most
ALLOCATION = ("--search.allocation.kind=fixed", "--search.allocation.examples=5")


def reply(body: Body) -> tuple[int, Any]:
    """A whole answer, with what it cost."""
    return 200, completion(answer(body["messages"][-1]["content"]), usage=USAGE)


def main(more: tuple[str, ...]) -> None:
    """Prints the table.

    Args:
        more: further settings, such as those of another version in place of the allocation's.
    """
    rows = [json.dumps({"input": f"w{i}{chr(97 + i % 26)}", "output": chr(97 + i % 26)}) for i in range(100)]
    each = sum(tokens * price / 10**6 for tokens, price in zip(USAGE, PRICES.values(), strict=True))
    with tempfile.TemporaryDirectory() as folder, ChatServer(reply=reply, faults=Faults(0.6, ("time-out",))) as server:
        Path(folder, "train.jsonl").write_text("\n".join(rows))
        box = (f"--black_box.init_args.base_url={server.url}", f"--black_box.init_args.prices={json.dumps(PRICES)}")
        command = [sys.executable, str(ROOT / "cli.py"), "fit", *SETTINGS, *box, *more]
        environment = os.environ | {"OPENAI_API_KEY": "sk-canary"}
        for _ in range(STARTS):
            ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            sys.stderr.write(ended.stderr[-1000:])
            if ended.returncode != PROVIDER:  # it asks to be started again for what is missing
                break
        path = Path(folder, "run", "result.json")
        result = json.loads(path.read_text()) if path.is_file() else {}
    paid, possible = result.get("cost_usd"), result.get("possibly_charged_usd")
    heads = ["cap", "attempts", "the server charged", "the run says: paid", "possibly charged beside"]
    print(markdown(heads, [[CAP, len(server.seen), f"{each * len(server.seen):.2f}", paid, possible]]))


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or ALLOCATION)
