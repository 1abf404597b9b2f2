"""The documentation names files and functions that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md"))]
_REFERENCE = re.compile(r"([\w/]+\.py):([A-Za-z_]\w*(?:\.\w+)?)")
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.(?:py|ya?ml|md|json|txt))`")


def names_in(path: Path) -> set[str]:
    """Functions, classes, constants, and ``Class.member`` for methods and fields."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for name in defined(node):
            names.add(name)
            if isinstance(node, ast.ClassDef):
                names |= {f"{name}.{member}" for inner in node.body for member in defined(inner)}
    return names


def defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def references(page: Path) -> list[tuple[str, str]]:
    """What a page names of our code; a setting in YAML may name a reader's own file."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    return _REFERENCE.findall(re.sub(r"```yaml.*?```", "", text, flags=re.DOTALL))


def test_the_page_about_the_paper_refers_to_code() -> None:
    assert len(references(ROOT / "docs" / "paper.md")) > 40


@pytest.mark.parametrize(
    ("file", "name"), sorted({reference for page in PAGES for reference in references(page)}), ids=":".join
)
def test_a_reference_to_code_leads_somewhere(file: str, name: str) -> None:
    assert (ROOT / file).is_file()
    assert name in names_in(ROOT / file)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_a_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    assert [name for name in _FILE.findall(text) if not (ROOT / name).exists()] == []
    modules = (name.replace(".", "/") for name in re.findall(r"python -m ((?:benchmarks|tests)[\w.]*\w)", text))
    assert [name for name in modules if not (ROOT / f"{name}.py").exists() and not (ROOT / name).is_dir()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_a_link_within_the_repository_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_habit_has_a_test_of_its_own() -> None:
    lines = (ROOT / "docs" / "habits.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    named = [found[1] for line in rows if (found := re.search(r"\| `(tests/[\w/]+\.py:test_\w+)` \|$", line))]
    assert len(named) == len(rows) >= 40
    assert len(set(named)) == len(named)
