"""What a configuration would use, line by line, without paying for anything."""

from __future__ import annotations

import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from duet.commands import main as cli
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER
from duet.spending.cache_file import user_cache_path
from tests.commands.conftest import at
from tests.servers.chat_server import ChatServer, completion

HASHING = "--black_box=duet.models.fakes.HashingBlackBox"
WEIGHTS = "--white_box=duet.models.huggingface_white_box.HuggingFaceWhiteBox"
LEVELS = {"ok", "warning", "problem"}


@pytest.fixture
def report(capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs the doctor: exit code and (level, rest of the line)."""

    def examine(*arguments: str) -> tuple[int, list[tuple[str, str]]]:
        code = cli.main(["doctor", *arguments])
        out, shown = capfd.readouterr()
        assert shown == ""
        assert "\x1b" not in out
        lines = [(line[:8].strip(), " ".join(line[8:].split())) for line in out.splitlines()]
        assert {level for level, _ in lines} <= LEVELS
        return code, lines

    return examine


def test_models_in_this_process_are_no_problem(folder: Path, search: list[str], report: Any) -> None:
    code, lines = report(*search, HASHING)
    size = Path("good.jsonl").stat().st_size
    assert code == 0
    assert lines == [
        ("ok", f"task t: good.jsonl ({size:,} bytes); metric exact_match"),
        ("ok", "examples demonstrations: 16 examples, shown to the model that writes instructions"),
        ("ok", "examples validation set: 16 examples, to score instructions on"),
        ("ok", "examples test set: 8 examples, for the final score"),
        ("warning", "examples No test file: 20% of the training file (8 of 40) are held out as the test set"),
        ("warning", "examples 8 test examples are few: expect a wide interval"),
        ("ok", "black_box HashingBlackBox needs no weights"),
        ("ok", "white_box HashingWhiteBox needs no weights"),
        ("ok", next(text for _, text in lines if text.startswith("likely 38 calls, ") and text.endswith(", $0"))),
        ("ok", next(text for _, text in lines if text.startswith("at most 56 calls, ") and text.endswith(", $0"))),
        ("ok", "budget Caps: none"),
        ("ok", "cache run/calls.sqlite: 0 answers, 0 bytes"),
        ("ok", "run folder run is new"),
    ]
    assert not Path("run").exists()


def test_an_endpoint_is_looked_at_and_not_asked(
    folder: Path, paid: list[str], server: Any, report: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    code, lines = report(*paid)
    texts = [text for _, text in lines]
    assert code == 0
    assert f"black_box m at {server.url}" in texts
    assert "black_box OPENAI_API_KEY is set" in texts
    assert "black_box 100 and 200 US dollars per million tokens sent and received" in texts
    assert "black_box reachable, and lists m" in texts
    assert f"cache {user_cache_path()}: 0 answers, 0 bytes" in texts
    assert [text for level, text in lines if level == "warning"][-1].startswith("budget no cap: fit requires")
    assert (server.requests, server.listed, server.keys) == ([], ["/v1/models"], ["Bearer sk-canary"])
    assert not any("canary" in text for text in texts)
    assert not user_cache_path().exists()


def test_it_sends_what_fit_will_send_where_it_may(folder: Path, paid: list[str], server: Any, report: Any) -> None:
    code, lines = report(*paid, "--ask", "--search.budget.max_calls=100", "--black_box.init_args.fields={top_p: 0.5}")
    assert code == 0
    texts = [text for level, text in lines if level == "ok" and "asked" in text]
    assert [text.startswith("black_box asked for ") for text in texts] == [True, True]
    assert ("ok", "budget Caps: max_calls 100") in lines
    bodies = [dict(body) for body in server.requests]
    assert cli.main(["fit", *paid, "--yes", "--black_box.init_args.fields={top_p: 0.5}"]) == 0
    sent = [json.dumps(body, sort_keys=True) for body in server.requests[len(bodies) :]]
    written, answered = (json.dumps(body, sort_keys=True) for body in bodies)
    assert written in sent
    without_prompt = {json.dumps({**json.loads(body), "messages": []}, sort_keys=True) for body in sent}
    assert json.dumps({**json.loads(answered), "messages": []}, sort_keys=True) in without_prompt


@pytest.mark.parametrize(
    ("reply", "level", "said"),
    [
        (completion(""), "problem", "but the answer of 10 tokens is empty"),
        (completion(None), "problem", "but there was no answer: no content"),
        (
            completion("It is", finish_reason="length"),
            "warning",
            "the answer was cut after 3 tokens: raise its max_tokens",
        ),
        (
            completion("", finish_reason="length", reasoning_content="Let me"),
            "problem",
            "raise init_args.reasoning_tokens",
        ),
    ],
)
def test_an_answer_that_says_nothing_is_not_ok(
    folder: Path, search: list[str], report: Any, reply: Any, level: str, said: str
) -> None:
    with ChatServer(reply=lambda _: (200, reply)) as server:
        code, lines = report(*search, *at(server.url), "--ask")
    found = [text for found, text in lines if found == level and "asked" in text]
    assert len(found) == 2
    assert all(said in text for text in found)
    assert code == (3 if level == "problem" else 0)


def test_an_endpoint_without_a_list_is_no_failure_where_chat_works(
    folder: Path, search: list[str], report: Any
) -> None:
    with ChatServer() as server:
        server.lists_models = False
        code, lines = report(*search, *at(server.url), "--ask")
    assert code == 0
    assert ("warning", "black_box reachable, but has no list of models; --ask checks whether m answers") in lines
    assert len([text for level, text in lines if "asked" in text and level == "ok"]) == 2


def test_a_header_names_its_variable(
    folder: Path, search: list[str], report: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_KEY", raising=False)
    headers = "--black_box.init_args.headers={api-key: AZURE_KEY}"
    query = "--black_box.init_args.query={api-version: '2024-10-21'}"
    with ChatServer() as server:
        code, lines = report(*search, *at(server.url), headers)
        assert (code, ("problem", "black_box AZURE_KEY is not set") in lines) == (3, True)
        monkeypatch.setenv("AZURE_KEY", "canary")
        code, lines = report(*search, *at(server.url), headers, query, "--ask")
        assert (code, ("ok", "black_box AZURE_KEY is set") in lines) == (0, True)
        assert {found["api-key"] for found in server.headers[1:]} == {"canary"}
        assert {path.partition("?")[2] for path in server.paths[1:]} == {"api-version=2024-10-21"}
    assert not any("canary" in text for _, text in lines)


def test_a_model_that_is_not_listed_is_a_warning(folder: Path, paid: list[str], report: Any) -> None:
    code, lines = report(*paid, "--black_box.init_args.model=n")
    assert code == 0
    assert ("warning", "black_box reachable, but does not list n; it lists m") in lines


def test_a_wrong_key_is_a_problem_and_stays_a_secret(
    folder: Path, paid: list[str], server: Any, report: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    server.status = 401
    code, lines = report(*paid)
    [problem] = [text for level, text in lines if level == "problem"]
    assert code == 3
    assert "wrong key" in problem
    assert "canary" not in problem


def test_a_named_variable_without_a_key_is_a_problem_on_this_machine_too(
    folder: Path, paid: list[str], report: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECOND_KEY", raising=False)
    code, lines = report(*paid, "--black_box.init_args.key_variable=SECOND_KEY")
    assert code == 3
    assert ("problem", "black_box SECOND_KEY is not set") in lines


def test_an_endpoint_that_is_not_there_is_a_problem(folder: Path, paid: list[str], report: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    code, lines = report(*paid, f"--black_box.init_args.base_url=http://127.0.0.1:{port}/v1")
    assert code == 3
    assert [text[:30] for level, text in lines if level == "problem"] == ["black_box can't list its model"]


def test_a_missing_key_and_unknown_prices_are_told(folder: Path, search: list[str], report: Any) -> None:
    arguments = ["--black_box=duet.models.openai_black_box.OpenAIBlackBox", "--black_box.init_args.model=m"]
    code, lines = report(*search, *arguments, "--black_box.init_args.base_url=http://models.invalid/v1")
    assert code == 3
    assert ("problem", "black_box OPENAI_API_KEY is not set") in lines
    assert any(text.startswith("black_box prices unknown: set init_args.prices") for _, text in lines)
    assert any(text.endswith("an unknown amount of money") for _, text in lines)


@pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")
def test_an_open_model_is_measured_and_not_loaded(folder: Path, search: list[str], report: Any) -> None:
    weights = sum(tensor.numel() for tensor in load_file(EMBEDDED_FOLDER / "model.safetensors").values())
    code, lines = report(*search, HASHING, WEIGHTS)
    [text] = [text for _, text in lines if text.startswith("white_box")]
    assert code == 0
    assert text.startswith(
        f"white_box embedded: {weights / 1e6:.0f} million parameters, {weights * 4 / 1e9:.3g} GB in "
    )
    assert text.endswith(" GB free")


@pytest.mark.parametrize(
    ("model", "level", "said"),
    [
        ("nobody/no-such-model", "warning", "is not on this machine; its first use downloads it"),
        ("./no/such/folder", "problem", "No such model"),
    ],
)
def test_a_model_that_is_not_here_is_told(
    folder: Path, search: list[str], report: Any, model: str, level: str, said: str
) -> None:
    code, lines = report(*search, HASHING, WEIGHTS, f"--white_box.init_args.model={model}")
    assert code == (0 if level == "warning" else 3)
    assert [said in text for one, text in lines if one == level and text.startswith("white_box")] == [True]


def test_a_run_folder_is_finished_or_unfinished_or_of_another_run(
    folder: Path, search: list[str], report: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *search, HASHING]) == 0
    capfd.readouterr()
    code, lines = report(*search, HASHING)
    assert (code, lines[-1]) == (0, ("ok", "run folder run already contains the finished run; fit would make no calls"))
    code, lines = report(*search, HASHING, "--search.iterations=3")
    assert (code, lines[-1]) == (0, ("ok", "run folder run contains this run, unfinished; fit would resume it"))
    code, lines = report(*search, HASHING, "--model.depth=1")
    assert (code, lines[-1][0]) == (2, "problem")
    assert "other settings: model.depth was 3 and is 1" in lines[-1][1]


def test_a_file_that_is_no_cache_is_a_problem(folder: Path, search: list[str], report: Any) -> None:
    code, lines = report(*search, HASHING, "--search.cache=good.jsonl")
    assert code == 2
    assert [
        text.startswith("cache Expected a call cache at good.jsonl") for one, text in lines if one == "problem"
    ] == [True]


def test_without_a_cache_it_warns(folder: Path, search: list[str], report: Any) -> None:
    assert ("warning", "cache off: an interrupted run pays for its answers again") in report(
        *search, HASHING, "--search.cache=off"
    )[1]


def test_a_config_that_is_wrong_is_one_line(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("task.yaml").write_text("task: {name: t, train_file: gone.jsonl}")
    assert cli.main(["doctor", "--config", "task.yaml"]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("duet: gone.jsonl: ")


def test_a_cache_is_counted(folder: Path, search: list[str], report: Any) -> None:
    connection = sqlite3.connect("mine")
    connection.execute("CREATE TABLE completions (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    connection.execute("INSERT INTO completions VALUES ('k', '{}')")
    connection.commit()
    connection.close()
    lines = report(*search, HASHING, "--search.cache=mine")[1]
    assert any(text.startswith("cache mine: 1 answers, ") for _, text in lines)


def test_what_will_be_used_of_a_spreadsheet_is_said(folder: Path, search: list[str], report: Any) -> None:
    rows = [f"ticket {i};{'spam' if i < 2 else 'ham'};" for i in range(60)] + ["ticket 5;ham;", "ticket 6;spam;", ";;"]
    Path("good.csv").write_text("\n".join(["Input;Output;", *rows]), encoding="utf-16")
    code, lines = report(*search, "--task.train_file=good.csv", "--task.max_test=10", HASHING)
    examples = [(level, text.removeprefix("examples ")) for level, text in lines if text.startswith("examples ")]
    assert code == 0
    assert {text.split(":")[0] for level, text in examples if level == "ok"} == {
        "demonstrations", "validation set", "test set",
    }  # fmt: skip
    assert any(text.startswith("demonstrations: 25 examples") and "spam 1)" in text for _, text in examples)
    said = [text for level, text in examples if level == "warning"]
    assert "2 of 62 training examples are left out: their input occurs twice or in the test set" in said
    assert any(text.startswith("1 input occurs with different outputs, such as 'ticket 6'") for text in said)
    assert "Few examples: 2 of 60 are 'spam'; a score says little about so few" in said
    assert any(text.startswith("Always answering 'ham' is right for 58 of 60") for text in said)


def test_a_spreadsheet_that_is_no_csv_is_one_line(folder: Path, search: list[str], capfd: Any) -> None:
    Path("good.xlsx").write_bytes(b"PK\x03\x04")
    assert cli.main(["doctor", *search, "--task.train_file=good.xlsx", HASHING]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert line.endswith("but found .xlsx; save the sheet as CSV")
