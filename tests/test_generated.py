"""Sources that only a grammar would write, with our words in them: each gets a result."""

import keyword
import random
import re

import hypothesmith
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lintgrad.engine.check import check_bytes
from lintgrad.engine.run import with_deep_stack
from lintgrad.registry import installed_rules

RULES = installed_rules()
WORDS = (
    *"torch optim SGD optimizer model loss backward zero_grad step grad self scaler scale".split(),
    *"parameters param_groups train data accumulate no_grad range enumerate i epoch".split(),
)
_NAME = re.compile(r"(?<![\w'\"])[A-Za-z_]\w*(?!['\"])")


def in_our_words(text: str, chance: random.Random) -> str:
    """A source with most of its names replaced."""

    def other(match: re.Match[str]) -> str:
        name = match[0]
        return name if keyword.iskeyword(name) or name in ("match", "case") else _one()

    def _one() -> str:
        return chance.choice(WORDS)

    return _NAME.sub(other, text)


@pytest.mark.parametrize("kind", ["from_grammar", "from_node"])
def test_whatever_the_grammar_allows_gets_a_result(kind: str) -> None:
    seen = {"read": 0, "refused": 0}

    @settings(
        max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(getattr(hypothesmith, kind)(), st.integers(0, 100))
    def checked(text: str, seed: int) -> None:
        data = ("import torch  # backward\n" + in_our_words(text, random.Random(seed))).encode()
        found = with_deep_stack(lambda: check_bytes("train.py", data, RULES))
        assert found.failures == (), data
        unread = [one.code for one in found.diagnostics if one.code == "LG901"]
        seen["refused" if unread else "read"] += 1

    checked()
    assert seen["read"] > 5, seen
