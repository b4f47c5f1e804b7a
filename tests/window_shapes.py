"""Loops with accumulation windows in shapes of their own: counters, flags, flushes, breaks."""

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
    "flag with a slip": """\
for i in range({length}):
    ready = i + 1 % n == 0
    loss.backward()
    if ready:
        opt.step()
        opt.zero_grad()
""",
    "step in the else of a slip": """\
for i in range({length}):
    loss.backward()
    if i % n == 0:
        pass
    else:
        opt.step()
        opt.zero_grad()
""",
    "even by construction": """\
for i in range({length} // n * n):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "global step that counts too late": """\
done = 0
for epoch in range(2):
    for _ in range({length}):
        loss.backward()
        if done % n == 0:
            opt.step()
            opt.zero_grad()
        done += 1
""",
    "global step with a slip": """\
done = 0
for epoch in range(2):
    for _ in range({length}):
        loss.backward()
        if done + 1 % n == 0:
            opt.step()
            opt.zero_grad()
        done += 1
""",
    "steps are limited for all epochs": """\
steps = 0
for epoch in range(2):
    for i in range({length}):
        loss.backward()
        if (i + 1) % n == 0:
            opt.step()
            opt.zero_grad()
            steps += 1
        if steps >= 2:
            break
    if steps >= 2:
        break
""",
    "flushed by the counter kept by hand": """\
count = 0
for _ in range({length}):
    loss.backward()
    count += 1
    if count == n:
        opt.step()
        opt.zero_grad()
        count = 0
if count > 0:
    opt.step()
    opt.zero_grad()
""",
    "flushed with the guard of a full window": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
if (i + 1) % n == 0:
    opt.step()
""",
    "reset at the start of an epoch": """\
for epoch in range(2):
    count = 0
    for _ in range({length}):
        loss.backward()
        count += 1
        if count >= n:
            opt.step()
            opt.zero_grad()
            count = 0
""",
    "the last one flushes": """\
for i in range({length}):
    loss.backward()
    full = (i + 1) % n == 0
    at_end = i == {length} - 1
    if full or at_end:
        opt.step()
        opt.zero_grad()
""",
    "break before the guard": """\
for i in range({length}):
    loss.backward()
    if i + 1 >= 6:
        break
    if (i + 1) % n == 0:
        opt.step()
        opt.zero_grad()
""",
    "clear in the other branch": """\
for i in range({length}):
    loss.backward()
    if (i + 1) % n == 0:
        opt.step()
    else:
        opt.zero_grad()
""",
}
