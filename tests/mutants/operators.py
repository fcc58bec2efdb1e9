"""The kinds of change: those of cosmic-ray that tests can notice, and two of our own."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import cosmic_ray.plugins
import parso
from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Keyword

# Comparisons and arithmetic are replaced by what a slip would write; cosmic-ray offers every pair.
COMPARISONS = (
    *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
    *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
)
ARITHMETIC = (
    *("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul"),
    *("BitOr_BitAnd", "BitAnd_BitOr"),
)
OTHERS = (
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceUnaryOperator_Delete_Not"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer"),
    *("NumberReplacer", "ZeroIterationForLoop"),
)
Position = tuple[tuple[int, int], tuple[int, int]]


class RemoveStatement(Operator):
    """Leaves a call or an assignment to an attribute out."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Yield the place of a statement of its own that does something."""
        if node.type == "simple_stmt" and _does_something(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Write `pass` in its place."""
        statement = node.children[0]
        prefix = statement.get_first_leaf().prefix
        node.children[0] = Keyword("pass", statement.start_pos, prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Return what it does."""
        return (Example("f(x)\n", "pass\n"), Example("a.b = 1\n", "pass\n"))


def _does_something(statement: Any) -> bool:
    if statement.type in {"atom_expr", "power", "await_expr"}:
        return True
    # An assignment to a plain name would mostly be noticed as a missing name.
    return bool(
        statement.type == "expr_stmt" and statement.children[0].type in {"atom_expr", "power"}
    )


class DropInvert(Operator):
    """Turns `in` into `not in` and the reverse, which cosmic-ray does not know."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Yield each membership test."""
        if node.type == "comparison" and _membership(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Write the opposite."""
        opposite = " in" if _membership(node) == "not in" else " not in"
        node.children[1] = parso.parse(opposite)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Return what it does."""
        return (Example("x in y", "x not in y"), Example("x not in y", "x in y"))


def _membership(node: Any) -> str | None:
    words = " ".join(node.children[1].get_code().split())
    return words if words in {"in", "not in"} else None


@functools.cache
def every() -> dict[str, Operator]:
    """Return all operators by name."""
    names = [f"ReplaceComparisonOperator_{pair}" for pair in COMPARISONS]
    names += [f"ReplaceBinaryOperator_{pair}" for pair in ARITHMETIC]
    names += OTHERS
    found = {name: cosmic_ray.plugins.get_operator(f"core/{name}")() for name in names}
    return {**found, "RemoveStatement": RemoveStatement(), "DropInvert": DropInvert()}
