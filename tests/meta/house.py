"""Measure the code: proportion, docstrings, private vocabulary, import cycles.

    python -m tests.meta.house [PACKAGE] [--without NAME ...] [--words]

Print one figure a line, by default for the bot without its sandbox. `--words` lists the lines that
hold a word of `PRIVATE_WORDS`. The bounds are asserted in `test_proportion.py`.
"""

from __future__ import annotations

import argparse
import ast
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# Docstrings open with a verb in the imperative or with a noun.
QUESTION_OPENERS = re.compile(
    r"^(What|Whether|How|Who|Whom|Whose|Where|When|Which|From when|If|To|Those|Whoever)\b"
)
# Words that once had a meaning of their own here, by the name under which they are counted.
# CONTRIBUTING.md has the glossary of what to say instead.
PRIVATE_WORDS = {
    "told": r"\b(un)?told\b",
    "wish": r"\bwish(es)?\b",
    "errand": r"\berrands?\b",
    "anew": r"\banew\b",
    "whoever": r"\b[Ww]hoever\b",
    "dice": r"_dice\b",
    "doubt": r"\bdoubt\w*",
    "bury": r"\bbur(y|ied)\b",
    "deaf": r"\bdeaf\b",
    "heir": r"\bheir\b",
    "lane": r"\b[Ll]anes?\b",
    "insist": r"\binsist\w*",
    "sighting": r"\b[Ss]ightings?\b",
    "standing": r"\b[Ss]tanding\b",
    "ours_alone": r"\bours_alone\b",
    "saying again": r"SayingAgain|saying_again|says? again",
    "speaking": r"\bspeaking_(for|unasked)\b",
    "owe": r"\bowe[sd]?\b",
    "let_go": r"\blet_go\b",
    "no_wreck": r"\bno_wreck\b",
    "take_turns": r"\btake_turns\b",
    "for it in": r"\bfor it in\b|\bit\.\w+ for it\b",
    "parcel": r"\b[Pp]arcels?\b",
    "mishap": r"\b[Mm]ishaps?\b",
}
SHORT_STATEMENTS = 3  # statements of a function that a caller could hold as well


@dataclass(frozen=True)
class Module:
    """A source file, parsed once."""

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        """The source."""
        return self.path.read_text()

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the syntax tree."""
        return list(ast.walk(ast.parse(self.text)))

    @property
    def lines(self) -> int:
        """Number of lines."""
        return self.text.count("\n")

    @property
    def functions(self) -> Iterator[FunctionNode]:
        """Every function and method."""
        return (node for node in self.nodes if isinstance(node, FunctionNode))

    @property
    def docstrings(self) -> list[str]:
        """Every docstring of the module, its classes and functions."""
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = [ast.get_docstring(node) for node in self.nodes if isinstance(node, kinds)]
        return [text for text in found if text]

    def imports(self, known: set[str]) -> set[str]:
        """Names of the known modules that this one imports, those for types alone included."""
        found: set[str] = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names} & known
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parts = self.name.split(".")[: -node.level]
                    base = ".".join([*parts, base] if base else parts)
                for alias in node.names:
                    full = f"{base}.{alias.name}"
                    found |= {full if full in known else base} & known
        return found - {self.name}


@dataclass(frozen=True)
class House:
    """The modules of a package, and what is measured over all of them."""

    modules: Sequence[Module]

    @classmethod
    def read(cls, package: Path, without: Sequence[str] = ()) -> House:
        """Read every Python file below `package` that lies in no folder named in `without`."""
        found = []
        for path in sorted(package.rglob("*.py")):
            inside = path.relative_to(package)
            if not set(inside.parts) & set(without):
                name = ".".join((package.name, *inside.with_suffix("").parts))
                found.append(Module(name.removesuffix(".__init__"), path))
        return cls(found)

    @property
    def lines(self) -> int:
        """Number of lines in all."""
        return sum(module.lines for module in self.modules)

    @cached_property
    def _functions(self) -> list[tuple[FunctionNode, Module]]:
        return [(node, module) for module in self.modules for node in module.functions]

    @property
    def short_private_functions(self) -> list[str]:
        """Undecorated private functions that are named once outside of their definition."""
        found = []
        for node, module in self._functions:
            if not node.name.startswith("_") or node.name.startswith("__"):
                continue
            uses = len(re.findall(rf"\b{re.escape(node.name)}\b", module.text)) - 1
            if uses <= 1 and len(node.body) <= SHORT_STATEMENTS and not node.decorator_list:
                found.append(f"{module.name}.{node.name}")
        return found

    @property
    def unused_public_functions(self) -> list[str]:
        """Undecorated public functions whose name is nowhere else."""
        words = Counter(re.findall(r"\w+", "".join(module.text for module in self.modules)))
        return [
            f"{module.name}.{node.name}"
            for node, module in self._functions
            if not node.name.startswith("_") and not node.decorator_list and words[node.name] == 1
        ]

    @property
    def question_docstrings(self) -> list[str]:
        """Docstrings that open with a question word instead of a verb or a noun."""
        found = [doc for module in self.modules for doc in module.docstrings]
        return [doc.partition("\n")[0] for doc in found if QUESTION_OPENERS.match(doc)]

    @property
    def attribute_strings(self) -> int:
        """Strings below an assignment, which should be `#` comments."""
        count = 0
        for node in (node for module in self.modules for node in module.nodes):
            body = getattr(node, "body", [])
            if isinstance(body, list):
                count += sum(
                    isinstance(before, ast.Assign | ast.AnnAssign)
                    and isinstance(after, ast.Expr)
                    and isinstance(after.value, ast.Constant)
                    and isinstance(after.value.value, str)
                    for before, after in pairwise(body)
                )
        return count

    @property
    def comments(self) -> int:
        """Number of `#` comments."""
        count = 0
        for module in self.modules:
            with module.path.open("rb") as file:
                tokens = tokenize.tokenize(file.readline)
                count += sum(token.type == tokenize.COMMENT for token in tokens)
        return count

    @property
    def parameters(self) -> list[tuple[int, str]]:
        """Number of parameters of each function without `self`, most first."""
        counts = []
        for node, module in self._functions:
            named = [*node.args.posonlyargs, *node.args.args]
            bound = bool(node.args.args) and node.args.args[0].arg in {"self", "cls"}
            count = len(named) + len(node.args.kwonlyargs) - bound
            counts.append((count, f"{module.name}.{node.name}"))
        return sorted(counts, reverse=True)

    @property
    def methods(self) -> list[tuple[int, str]]:
        """Number of methods of each class, most first."""
        counts = [
            (sum(isinstance(child, FunctionNode) for child in node.body), node.name)
            for module in self.modules
            for node in module.nodes
            if isinstance(node, ast.ClassDef)
        ]
        return sorted(counts, reverse=True)

    @property
    def private_words(self) -> dict[str, list[str]]:
        """Places of each private word. Sentences shown to people (`*texts.py`) are left out."""
        found: dict[str, list[str]] = {}
        for module in self.modules:
            if module.path.name.endswith("texts.py"):
                continue
            for number, line in enumerate(module.text.splitlines(), 1):
                for word, pattern in PRIVATE_WORDS.items():
                    if re.search(pattern, line):
                        found.setdefault(word, []).append(f"{module.path}:{number}")
        return found

    @property
    def cycles(self) -> list[list[str]]:
        """Groups of modules that import one another."""
        known = {module.name for module in self.modules}
        graph = {module.name: module.imports(known) for module in self.modules}
        return strongly_connected(graph)

    @property
    def share_of_short_private(self) -> float:
        """Percentage of all functions."""
        return 100 * len(self.short_private_functions) / len(self._functions)

    @property
    def share_of_unused_public(self) -> float:
        """Percentage of all functions."""
        return 100 * len(self.unused_public_functions) / len(self._functions)

    @property
    def share_of_question_docstrings(self) -> float:
        """Percentage of all docstrings."""
        return 100 * len(self.question_docstrings) / sum(len(m.docstrings) for m in self.modules)


def strongly_connected(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components of more than one node (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            start = stack.index(node)
            group, stack[start:] = stack[start:], []
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("package", nargs="?", default=ROOT / "slackbot", type=Path)
    parser.add_argument("--without", nargs="*", default=["sandbox"])
    parser.add_argument("--words", action="store_true")
    arguments = parser.parse_args()
    house = House.read(arguments.package, arguments.without)
    words = house.private_words
    rows = [
        ("files / lines", f"{len(house.modules)} / {house.lines}"),
        ("short private functions used once, %", f"{house.share_of_short_private:.1f}"),
        ("public functions named nowhere else, %", f"{house.share_of_unused_public:.1f}"),
        ("docstrings that open with a question, %", f"{house.share_of_question_docstrings:.1f}"),
        ("strings below attributes", house.attribute_strings),
        ("# comments per 1,000 lines", f"{1000 * house.comments / house.lines:.1f}"),
        ("most parameters", house.parameters[:3]),
        ("most methods", house.methods[:3]),
        ("import cycles", house.cycles),
        ("lines with private words", {word: len(places) for word, places in words.items()}),
    ]
    for title, figure in rows:
        print(f"{title:42} {figure}")  # noqa: T201 - a command that prints
    if arguments.words:
        for word, places in words.items():
            print(f"\n{word}: {' '.join(places)}")  # noqa: T201 - a command that prints


if __name__ == "__main__":
    main()
