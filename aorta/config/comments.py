"""The comments of ``settings.py`` as text: said once in the code, repeated to the user.

Every field there is explained by the comment on its line, every section by its docstring; the
template, the editor schema and the reference page are made from these.
"""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from collections.abc import Mapping
from functools import cache


@cache
def comments_of(section: type) -> Mapping[str, str]:
    """Field name -> the comment on its line, "" where there is none."""
    source = inspect.cleandoc(inspect.getsource(section))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    by_line = {token.start[0]: _in_yaml(token.string.lstrip("# ").strip()) for token in tokens if token.type == tokenize.COMMENT}
    body = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)).body
    named = [node for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    return {node.target.id: by_line.get(node.end_lineno or node.lineno, "") for node in named}  # type: ignore[union-attr]


def purpose_of(section: type) -> str:
    """The section's docstring as plain sentences on one line."""
    return _in_yaml(" ".join(inspect.cleandoc(section.__doc__ or "").replace("``", "'").split()))


def _in_yaml(comment: str) -> str:
    """Values in a comment as one writes them in the case file, not in Python."""
    for python, yaml in (("None:", "left out:"), ("False:", "false:"), ("True:", "true:"), ("():", "[]:")):
        comment = comment.replace(python, yaml)
    return comment
