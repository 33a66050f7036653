"""A table of text, drawn on a terminal or written as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Page:
    """A table before it is drawn; the first column is text, the others are figures."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Draw it as Markdown."""
        rule = ["---"] + ["---:"] * (len(self.head) - 1)
        lines = [f"| {' | '.join(row)} |" for row in (self.head, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *lines])

    def show(self, console: Console) -> None:
        """Draw it on a terminal."""
        table = Table(title=self.title, title_justify="left")
        for i, name in enumerate(self.head):
            table.add_column(name, justify="right" if i else "left", no_wrap=not i)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)


def document(about: Mapping[str, str], pages: Sequence[Page], title: str = "Benchmarks") -> str:
    """Write the whole report as Markdown."""
    facts = "\n".join(f"- {key}: {value}" for key, value in about.items())
    return "\n\n".join([f"## {title}", facts, *(page.markdown() for page in pages)]) + "\n"
