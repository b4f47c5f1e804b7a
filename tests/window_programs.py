"""A loop with an accumulation window, and every way to write its guard."""

HEADER = """\
import torch
model = torch.nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
"""

LOOP = """\
for i in range({length}):
    loss.backward()
    if {guard}:
        opt.step()
        opt.zero_grad()
"""

GUARDS = {
    "counted from zero": "(i + 1) % n == 0",
    "one early": "i % n == 0",
    "the last of a window": "i % n == n - 1",
    "not a rest": "not (i + 1) % n",
    "not a rest, one early": "not i % n",
    "a rest of less than one": "(i + 1) % n < 1",
    "compared the other way": "0 == (i + 1) % n",
    "inverted": "i % n",
    "inverted, from one": "(i + 1) % n != 0",
    "precedence": "i + 1 % n == 0",
    "precedence, inverted": "i - 1 % n",
    "impossible rest": "i % n == n",
    "always": "i % n >= 0",
    "or the last": "(i + 1) % n == 0 or i == {length} - 1",
    "or the last, from one": "(i + 1) % n == 0 or (i + 1) == {length}",
    "or the last, in a flag": "(i + 1) % n == 0 or last",
    "not the first": "i > 0 and i % n == 0",
    "not the first, not written": "i and i % n == 0",
    "one is no window": "n == 1 or i % n == 1",
    "whole windows only": "(i + 1) % n == 0 and i < {length} // n * n",
    "chosen": "i % n == n - 1 if n > 1 else True",
    "by division": "(i + 1) // n * n == i + 1",
    "never for a window of one": "i % n == 1",
    "the last of a window, in parentheses": "(i % n) == (n - 1)",
    "inverted, not equal": "i % n != 0",
    "inverted, at the end": "i % n != n - 1",
    "inverted, denied": "not (i + 1) % n == 0",
    "precedence, not a rest": "not i + 1 % n",
    "precedence, or the last": "i + 1 % n == 0 or i == {length} - 1",
    "precedence, in parentheses": "(i + 1 % n) == 0",
    "impossible rest, too large": "i % n > n",
    "the last first": "i + 1 == {length} or (i + 1) % n == 0",
    "the last of a window, or the last": "i % n == n - 1 or last",
    "but not the last": "(i + 1) % n == 0 and not last",
    "or past the last": "(i + 1) % n == 0 or i == {length}",
    "or the last, at least": "(i + 1) % n == 0 or i >= {length} - 1",
    "a window of at least one": "(i + 1) % max(n, 1) == 0",
    "as a truth value": "not bool((i + 1) % n)",
    "counted back": "({length} - i - 1) % n == 0",
    "always there": "n <= 1 or (i + 1) % n == 0",
}
