"""Loops with accumulation windows: every way to write the guard, and shapes around it."""

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
}

SHAPES = {
    "clear first": """\
for i in range({length}):
    if i % n == 0:
        opt.zero_grad()
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
""",
    "clear every time": """\
for i in range({length}):
    opt.zero_grad()
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
""",
    "out of phase": """\
for i in range({length}):
    if (i + 1) % n == 0:
        opt.zero_grad()
    loss.backward()
    if i % n == 0:
        opt.step()
""",
    "flag": """\
for i in range({length}):
    ready = (i + 1) % n == 0
    loss.backward()
    if ready:
        opt.step()
    if ready:
        opt.zero_grad()
""",
    "flag of waiting": """\
for i in range({length}):
    waiting = (i + 1) % n != 0
    loss.backward()
    if not waiting:
        opt.step()
        opt.zero_grad()
""",
    "continue": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n:
        continue
    opt.step()
    opt.zero_grad()
""",
    "otherwise": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n:
        pass
    else:
        opt.step()
        opt.zero_grad()
""",
    "one-based": """\
for i in range(1, {length} + 1):
    loss.backward()
    if i % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "flushed by the length": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
if {length} % n:
    opt.step()
    opt.zero_grad()
""",
    "flushed by the counter": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
if (i + 1) % n != 0:
    opt.step()
    opt.zero_grad()
""",
    "flushed in an else": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
else:
    opt.step()
""",
    "break before the flush": """\
for i in range({length}):
    loss.backward()
    if i == 4:
        break
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
else:
    opt.step()
""",
    "counted by hand": """\
count = 0
for _ in range({length}):
    loss.backward()
    count += 1
    if count == n:
        opt.step()
        opt.zero_grad()
        count = 0
""",
    "counted by hand, not reset": """\
count = 0
for _ in range({length}):
    loss.backward()
    count += 1
    if count % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "counted by hand, too late": """\
count = 0
for _ in range({length}):
    loss.backward()
    if count == n:
        opt.step()
        opt.zero_grad()
        count = 0
    count += 1
""",
    "counted down": """\
left = n
for _ in range({length}):
    loss.backward()
    left -= 1
    if not left:
        opt.step()
        opt.zero_grad()
        left = n
""",
    "global step": """\
done = 0
for epoch in range(2):
    for _ in range({length}):
        loss.backward()
        done += 1
        if done % n == 0:
            opt.step()
            opt.zero_grad()
""",
    "cleared at the start of an epoch": """\
for epoch in range(2):
    opt.zero_grad()
    for i in range({length}):
        loss.backward()
        if (i + 1) % n == 0:
            opt.step()
            opt.zero_grad()
""",
    "steps are limited": """\
steps = 0
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
        steps += 1
        if steps >= 2:
            break
""",
    "since the last step": """\
last_step = -1
for i in range({length}):
    loss.backward()
    if i - last_step >= n:
        opt.step()
        opt.zero_grad()
        last_step = i
""",
    "while": """\
i = 0
while i < {length}:
    loss.backward()
    i += 1
    if i % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "step for the window before": """\
for i in range({length}):
    if i % n == 0:
        if i:
            opt.step()
        opt.zero_grad()
    loss.backward()
""",
}
