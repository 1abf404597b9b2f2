"""The building blocks of the page: each returns HTML in which every text is escaped."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from duet.reporting.run_files import shorten
from duet.reporting.table import MeanWithError, Table, shown

LONGEST = 10_000  # characters of a text in a table
Picture = tuple[str, str, str]  # title, SVG for a light page, SVG for a dark one


def section(name: str, title: str, content: str) -> str:
    """A part of the page under its heading; the content is HTML."""
    heading = f'<h2 id="{name}-title">{escape(title)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{heading}\n{content}</section>'


def note(text: str) -> str:
    """A quiet line."""
    return f'<p class="note">{escape(text)}</p>'


def copy_button(text: str, label: str = "Copy", kind: str = "") -> str:
    """A button that copies the text."""
    css = f' class="{kind}"' if kind else ""
    return f'<button type="button"{css} data-text="{escape(text)}">{escape(label)}</button>'


def numbers(named: Mapping[str, str], kind: str = "") -> str:
    """Names over values."""
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in named.items())
    return f'<dl class="{f"numbers {kind}".strip()}">{items}</dl>'


def bullets(lines: Sequence[str]) -> str:
    """One line each."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def folded(title: str, text: str) -> str:
    """Preformatted text that opens on a click."""
    return f'<details><summary>{escape(title)}</summary><pre tabindex="0">{escape(text)}</pre></details>'


def explorer_place(explorer: Mapping[str, Any]) -> str:
    """Returns where the script puts a table that can be sorted."""
    return f'<div id="{explorer["id"]}"><noscript><p>This table needs JavaScript.</p></noscript></div>'


def static_table(table: Table) -> str:
    """A table of the report with its notes."""
    heads = "".join(
        f'<th scope="col"{" class=number" if table.is_number(index) else ""}>{escape(title)}</th>'
        for index, title in enumerate(table.header)
    )
    rows = "".join(
        f"<tr>{''.join(_entry(table, index, value) for index, value in enumerate(row))}</tr>" for row in table.rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.title)}"><table class="static">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{''.join(map(note, table.notes))}"
    )


def _entry(table: Table, index: int, value: Any) -> str:
    kind = "number" if table.is_number(index) else "wide" if table.header[index] == "instruction" else "text"
    if isinstance(value, MeanWithError) and value.best:
        kind += " lead-entry"
    text = shown(value)
    copy = f" {copy_button(text, kind='small')}" if kind == "wide" and value and len(text) <= LONGEST else ""
    return f'<td class="{kind}">{escape(shorten(text, LONGEST))}{copy}</td>'


def figures(pictures: Sequence[Picture]) -> str:
    """The figures side by side, in the page's own light."""
    return f'<div class="figures">{"".join(_figure(*picture) for picture in pictures)}</div>'


def _figure(title: str, light: str, dark: str) -> str:
    words = escape(title)
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{_inline(dark)}">'
        f'<img src="{_inline(light)}" alt="{words}"></picture><figcaption>{words}</figcaption></figure>'
    )


def _inline(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
