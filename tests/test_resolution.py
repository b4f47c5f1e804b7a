"""The order in which methods are looked for is Python's own."""

from hypothesis import given
from hypothesis import strategies as st

from lintgrad.flow.names.resolution import resolution_order

families = st.lists(
    st.lists(st.integers(0, 6), max_size=3, unique=True), min_size=1, max_size=7
).map(lambda rows: [[base for base in row if base < n] for n, row in enumerate(rows)])
"""For each class, by number, the earlier ones that it derives from."""


@given(families)
def test_the_order_is_the_one_that_python_makes(family: list[list[int]]) -> None:
    made: list[type] = []
    for number, bases in enumerate(family):
        try:
            made.append(type(str(number), tuple(made[base] for base in bases), {}))
        except TypeError:  # Python has no order for it
            return
        order = [int(one.__name__) for one in made[-1].__mro__ if one is not object]
        assert resolution_order(number, lambda n: family[n]) == order


def test_where_python_has_no_order_nearer_classes_come_first() -> None:
    crossed = {"a": [], "b": ["a"], "c": ["a", "b"]}
    assert resolution_order("c", lambda name: crossed[name]) == ["c", "a", "b"]


def test_a_class_that_derives_from_itself_ends() -> None:
    circle = {"a": ["b"], "b": ["a"]}
    assert resolution_order("a", lambda name: circle[name]) == ["a", "b"]
