"""The house rules of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from slackbot.domain import errors
from slackbot.slack import error_texts, texts
from slackbot.slack.blocks.message import BUTTON_LIMIT
from slackbot.slack.commands import attempts

ROOT = Path(__file__).parents[2]
PRODUCT = sorted((ROOT / "slackbot").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
OWN_CARD = {"not_linked", "ambiguous_session"}


def concrete(root: type[errors.SlackbotError]) -> set[type[errors.SlackbotError]]:
    """Return the leaves of a tree of error classes: those that are raised."""
    return {
        cls
        for child in root.__subclasses__()
        for cls in ({child} if not child.__subclasses__() else concrete(child))
    }


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def test_every_error_has_a_sentence() -> None:
    """Every error that people see has a sentence in texts.py, and every sentence an error."""
    # A session's error is shown with the sentence of its cause.
    codes = {cls.code for cls in concrete(errors.SlackbotError) - {errors.SessionError}}
    assert {attempts.Superseded.code, attempts.GivenUp.code, attempts.Interrupted.code} <= codes
    codes -= {cls.code for cls in concrete(errors.MessageError)} | OWN_CARD
    assert codes == set(error_texts.ERRORS)
    assert set(error_texts.AT_FIELD) - {"defect"} <= codes | OWN_CARD


def test_the_error_tree_is_documented() -> None:
    """The docstring of `errors.py` names every class."""
    tree = errors.__doc__ or ""
    missing = [c.__name__ for c in concrete(errors.SlackbotError) if c.__name__ not in tree]
    assert missing == []


def test_button_labels_fit() -> None:
    """Every button label is within Slack's limit."""
    labels = [value for name, value in vars(texts).items() if name.startswith("BUTTON_")]
    assert labels
    assert max(map(len, labels)) <= BUTTON_LIMIT


def test_sentences_are_in_texts_alone() -> None:
    """Outside of texts.py, no text of a message or button in slack/ is a literal."""
    call = re.compile(r"\.(say|keep|small|heading)\(\s*f?\"[^{]|Button\(\s*f?\"")
    speakers = [p for p in PRODUCT if not p.name.endswith("texts.py")]
    files = [p for p in speakers if p.is_relative_to(ROOT / "slackbot/slack")]
    found = [p.name for p in files if call.search(p.read_text())]
    assert found == []


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    """No file over 400 lines, no function over 50."""
    assert len(path.read_text().splitlines()) <= 400
    long = [f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno >= 50]
    assert long == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_are_promises_without_mocks(path: Path) -> None:
    """Every test has a docstring, and no test imports a mock."""
    named = [f for f in functions(path) if f.name.startswith("test_")]
    assert [f.name for f in named if not ast.get_docstring(f)] == []
    imports = {
        name.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    } | {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    assert not {name for name in imports if "mock" in name.lower()}


SECRET_FIELD = re.compile(r"(?:^|_)(?:token|secret|password|keys)$")


def printed_fields(path: Path) -> list[ast.AnnAssign]:
    """Return the fields that the `repr` of a dataclass of the file shows."""
    found = []
    for cls in (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ClassDef)):
        decorators = [ast.unparse(decorator) for decorator in cls.decorator_list]
        if any(text.startswith("dataclass") and "repr=False" not in text for text in decorators):
            fields = [node for node in cls.body if isinstance(node, ast.AnnAssign)]
            found += [field for field in fields if "repr=False" not in ast.unparse(field)]
    return found


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_dataclass_prints_a_secret(path: Path) -> None:
    """A field that is named like a secret is a `SecretStr`, or stays out of the `repr`."""
    shown = [
        ast.unparse(field)
        for field in printed_fields(path)
        if SECRET_FIELD.search(ast.unparse(field.target))
        and "SecretStr" not in ast.unparse(field.annotation)
        and "sandbox" not in path.parts  # its secrets are invented
    ]
    assert shown == []
