"""The short help of ``fit``: the options that people use first, and the models and methods that can be named.

It needs no torch, so it is there at once; ``duet fit --help all`` is the parser's own.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from duet.config_files import CONFIGS, shipped_configs
from duet.metrics.registry import BUILT_IN
from duet.models.providers import OTHERS, PROVIDERS

WIDTH = 80
_END = re.compile(r"\.\s| \(")  # of a sentence
_COLUMN = 24  # where an option's text begins
GROUPS: dict[str, dict[str, str]] = {
    "The task": {
        "--config FILE": "settings in YAML, or the name of a file below; several may be given, later ones win",
        "--task.name NAME": "its name; needed",
        "--task.train_file FILE": "your examples: CSV, JSONL, JSON, Parquet",
        "--task.test_file FILE": "examples for the final test; else a share of the train file is held out",
        "--task.input_column NAME": "where the inputs are (input); also a list of columns",
        "--task.output_column NAME": "where the outputs are (output)",
        "--task.metric METRIC": "how an answer is marked (exact_match); see below",
    },
    "The models": {
        "--black_box.init_args.model NAME": "the model whose instruction is sought",
        "--proposer.init_args.model NAME": "the model that writes instructions, where a file names one",
        "--white_box CLASS": "the open model or the encoder that gives the features; see below",
    },
    "The instructions": {
        "--search.initialisation.instructions FILE": "your own, one per line or a list; they are scored first",
        "--search.initialisation.task_description TEXT": "what the task is, for the model that writes",
        "--search.instruction_filter.language LANGUAGE": "of the instructions, in English, such as German",
        "--search.instruction_filter.max_words N": "most words of an instruction",
        "--search.instruction_filter.must_keep '[TEXT, ...]'": "phrases that every instruction must hold",
    },
    "The money": {
        "--dry_run": "print what the run will likely and can at most spend, and make no call",
        "--search.budget.max_cost_usd N": "most US dollars; also max_calls, max_tokens, max_time (seconds)",
        "--yes": "start without a cap even if a model costs money",
    },
    "The run": {
        "--run_dir FOLDER": "where its files go (runs/TASK-METHOD-SEED); the same folder again resumes",
        "--seed_everything N": "of splits, demonstrations and search (0)",
        "--search.iterations N": "most iterations; by default as many as score 80 instructions more",
        "--min_score N": "exit with code 100 unless the test score's interval begins there or above",
    },
}
BLACK_BOXES = ("openai_black_box.OpenAIBlackBox", "litellm_black_box.LiteLLMBlackBox",
               "huggingface_black_box.HuggingFaceBlackBox")  # fmt: skip
WHITE_BOXES = ("huggingface_white_box.HuggingFaceWhiteBox", "huggingface_encoder.HuggingFaceEncoder",
               "sentence_encoder.SentenceEncoder", "ngram_encoder.NGramEncoder")  # fmt: skip


def wanted(arguments: Sequence[str]) -> bool:
    """Returns whether the short help is wanted: ``-h`` or ``--help``, and not ``all``.

    >>> [wanted(line.split()) for line in ("-h", "--task.name t --help", "--help all", "--help=all", "--yes")]
    [True, True, False, False, False]
    """
    places = [place for place, argument in enumerate(arguments) if argument in ("-h", "--help")]
    return any(list(arguments[place + 1 : place + 2]) != ["all"] for place in places)


def without_all(arguments: Sequence[str]) -> list[str]:
    """The arguments as the parser knows them: ``--help all`` and ``--help=all`` are its ``--help``.

    >>> without_all(["--help", "all"]), without_all(["--help=all"]), without_all(["--task.name", "all"])
    (['--help'], ['--help'], ['--task.name', 'all'])
    """
    found: list[str] = []
    for argument in arguments:
        if argument == "all" and found[-1:] in (["-h"], ["--help"]):
            continue
        found.append("--help" if argument in ("--help=all", "-h=all") else argument)
    return found


def text() -> str:
    """All of the short help; no line is longer than 80 characters."""
    lines = [
        "usage: duet fit --config FILE [option VALUE ...]",
        "",
        *_wrapped("Searches for the instruction with which a model does your task best, and tests it."),
    ]
    for title, options in GROUPS.items():
        lines += ["", f"{title}:", *(line for option, words in options.items() for line in _option(option, words))]
    lines += [
        "",
        "Models, as files for --config:",
        *_files("models"),
        "",
        *_wrapped(
            "A model's NAME goes to its provider by what stands before the slash: "
            f"{', '.join(PROVIDERS)}; without one to OpenAI, or to OPENAI_BASE_URL. With --black_box "
            f"duet.models.{BLACK_BOXES[1]}: {', '.join(sorted(OTHERS))}."
        ),
        "",
        *_wrapped(f"Classes for --black_box and --proposer, in duet.models: {', '.join(BLACK_BOXES)}."),
        *_wrapped(f"Classes for --white_box, in duet.models: {', '.join(WHITE_BOXES)}."),
        "",
        "Methods, as files for --config:",
        *_files("methods"),
        "",
        *_wrapped(f"Metrics: {', '.join(BUILT_IN)}, file.py:function, or the dotted path of a function or class."),
        "",
        "duet fit --help all lists every other option.",
    ]
    return "\n".join(lines) + "\n"


def _option(option: str, words: str) -> list[str]:
    """An option with its text beside it, or below where it is long."""
    beside = textwrap.wrap(words, WIDTH - _COLUMN)
    if len(option) + 3 > _COLUMN:
        beside.insert(0, "")
    indents = [f"  {option}".ljust(_COLUMN), *[" " * _COLUMN] * (len(beside) - 1)]
    return [f"{indent}{line}".rstrip() for indent, line in zip(indents, beside, strict=True)]


def _files(folder: str) -> Iterable[str]:
    """The settings files of a folder, each with its first sentence."""
    for name in shipped_configs():
        if name.startswith(f"{folder}/"):
            first = (CONFIGS / name).read_text(encoding="utf-8").splitlines()[0]
            yield from _option(name.removesuffix(".yaml"), _END.split(first.lstrip("# "))[0].rstrip("."))


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, break_on_hyphens=False)
