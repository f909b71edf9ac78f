"""Whatever stands in a file, the reader returns a case or tells the mistakes."""

import contextlib

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aorta.config.case_file import parse_case
from aorta.config.shape import key_names, sections
from aorta.config.template import template
from aorta.errors import CaseFileError

GOOD = template().replace("path:  # FILL IN", "path: a.nii")
KEYS = sorted(
    {"image", "nonsense", *(name for name, _ in sections()), *(key for _, section in sections() for key in key_names(section))}
)
SCALARS = st.sampled_from(
    ["1", "-1", "1.5 mm", "120 mmHg", "x", "null", "~", "true", "no", ".nan", ".inf", "''", "1e999", "*a", "!!set {a}", "&a b"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"
        )
    ),
    max_leaves=6,
)


def reads_or_tells(text):
    with contextlib.suppress(CaseFileError):
        parse_case(text)


@given(st.text(max_size=200))
@example("\ud800")
@example("a: &a [*a]")
@example("? {a: b}\n: c")
@settings(max_examples=150, deadline=None)
def test_any_text(text):
    reads_or_tells(text)


@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_values_at_known_keys(pairs):
    reads_or_tells("schema_version: 1\ncase_id: a\n" + "".join(f"{key}: {value}\n" for key, value in pairs))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_template_with_a_piece_cut_out(data):
    start = data.draw(st.integers(0, len(GOOD)))
    reads_or_tells(GOOD[:start] + GOOD[start + data.draw(st.integers(1, 40)) :])
