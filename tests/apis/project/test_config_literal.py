"""Values as code: the code has the same value again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmpretrain_imbalance.apis.project.config_literal import Code, config_literal

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["type", "depth", "a b", "x" * 60]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES, st.integers(0, 8))
def test_code_evaluates_to_the_value(value: object, indent: int) -> None:
    assert eval(config_literal(value, indent)) == value


def test_long_values_have_one_line_per_item() -> None:
    backbone = dict(type="Network", channels=list(range(40)), further=dict(dilations=(1,) * 40))
    text = config_literal(dict(backbone=backbone))
    assert max(map(len, text.splitlines())) <= 110
    assert eval(text) == dict(backbone=backbone)


def test_code_is_not_quoted() -> None:
    assert config_literal(dict(loss=Code("_base_.loss"))) == "dict(loss=_base_.loss)"
