"""Find every place where a change could be made, and draw some of them."""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from . import operators
from .targets import PACKAGES

Span = tuple[tuple[int, int], tuple[int, int]]
LEAST_EACH = 10  # mutants of a package, however small it is
# Statements whose loss nobody is promised anything about.
UNPROMISED = ("log.", "structlog.", "logger.")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the nth place of an operator in a file."""

    path: str
    operator: str
    occurrence: int
    line: int

    @property
    def package(self) -> str:
        """The package that it counts for."""
        return next(name for name in PACKAGES if self.path.startswith(f"slackbot/{name}/"))

    def apply(self, root: Path) -> tuple[str, str] | None:
        """Return the file before and after; None if this operator changes nothing there."""
        source = (root / self.path).read_text()
        changed = mutate_code(source, operators.every()[self.operator], self.occurrence)
        if changed in {None, source}:
            return None
        try:
            compile(changed, self.path, "exec")
        except SyntaxError:
            return None
        return source, changed


def candidates(root: Path) -> Iterator[Mutant]:
    """Yield every change to the packages that could be made."""
    for package in PACKAGES:
        for file in sorted((root / "slackbot" / package).rglob("*.py")):
            if "page" not in file.parts:  # how the call page is built
                yield from _of_file(root, file)


def _of_file(root: Path, file: Path) -> Iterator[Mutant]:
    source = file.read_text()
    tree, left_out = get_ast(source), LeftOut.of(ast.parse(source))
    nodes = list(ast_nodes(tree))
    for name, operator in operators.every().items():
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (begin, _) in enumerate(places):
            if not left_out.covers(name, begin):
                path = file.relative_to(root).as_posix()
                yield Mutant(path, name, occurrence, begin[0])


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The parts of a file in which a change would say nothing about its tests."""

    everything: list[Span]
    signatures: list[Span]
    constructors: list[Span]

    @classmethod
    def of(cls, module: ast.Module) -> LeftOut:
        """Find them.

        Annotations and decorators mean little at run time. Nothing is promised about log lines. A
        constant of a module is a decision, such as a number of seconds, of which a test would only
        be a copy. The `*` of a signature is no multiplication, and an attribute that a constructor
        does not set is missed at once.
        """
        found = cls([], [], [])
        found.everything.extend(
            _span(node) for node in module.body if isinstance(node, (ast.Assign, ast.AnnAssign))
        )
        for node in ast.walk(module):
            if isinstance(node, ast.AnnAssign):
                found.everything.append(_span(node.annotation))
            elif isinstance(node, ast.Expr) and ast.unparse(node).startswith(UNPROMISED):
                found.everything.append(_span(node))
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.everything.extend(map(_span, node.decorator_list))
                if not isinstance(node, ast.ClassDef):
                    found._add_function(node)
        return found

    def _add_function(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        hints = [argument.annotation for argument in every] + [function.returns]
        self.everything.extend(_span(hint) for hint in hints if hint is not None)
        first = function.body[0]
        self.signatures.append(((function.lineno, 0), (first.lineno, first.col_offset)))
        if function.name in {"__init__", "__post_init__"}:
            self.constructors.append(_span(function))

    def covers(self, operator: str, place: tuple[int, int]) -> bool:
        """Return whether a change of this kind is left out here."""
        spans = self.everything
        if operator.startswith("ReplaceBinaryOperator"):
            spans = spans + self.signatures
        elif operator == "RemoveStatement":
            spans = spans + self.constructors
        return any(begin <= place < end for begin, end in spans)


def _span(node: ast.AST) -> Span:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def draw(root: Path, number: int, seed: int) -> list[Mutant]:
    """Draw so many, each package by its share of the places but at least `LEAST_EACH`."""
    chance, places = random.Random(seed), defaultdict(list)
    for mutant in candidates(root):
        places[mutant.package].append(mutant)
    total = sum(map(len, places.values()))
    shares = {name: max(LEAST_EACH, len(found) * number // total) for name, found in places.items()}
    while sum(shares.values()) < number:
        shares[max(places, key=lambda name: len(places[name]) / shares[name])] += 1
    drawn = []
    for name, found in places.items():
        chance.shuffle(found)
        drawn += _different(root, found, shares[name])
    chance.shuffle(drawn)
    return drawn


def _different(root: Path, found: list[Mutant], number: int) -> Iterator[Mutant]:
    """Yield so many that change something, one for each line."""
    lines: set[tuple[str, int]] = set()
    for mutant in found:
        if len(lines) == number:
            return
        if (mutant.path, mutant.line) not in lines and mutant.apply(root) is not None:
            lines.add((mutant.path, mutant.line))
            yield mutant
