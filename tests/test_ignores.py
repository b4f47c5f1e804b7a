"""Comments that ask for silence, and the one that says gradients are meant to pile up."""

import ast
import shutil
from pathlib import Path

import pytest
from commands import BUGGY, FIXED, lintgrad
from fixtures import FIXTURES

from lintgrad import Confidence, check_source
from lintgrad.source.comments import Rows, layout_of
from lintgrad.source.text import Source


def codes(text: str, **asked: object) -> list[str]:
    """The codes found, each with its row."""
    return [f"{one.range.start.row} {one.code}" for one in check_source(text, **asked)]  # type: ignore[arg-type]


def on_row(row: int, comment: str, text: str = BUGGY) -> str:
    lines = text.splitlines()
    lines[row - 1] = f"{lines[row - 1]}  # {comment}"
    return "\n".join(lines) + "\n"


def above_row(row: int, comment: str, text: str = BUGGY) -> str:
    lines = text.splitlines()
    indent = lines[row - 1][: len(lines[row - 1]) - len(lines[row - 1].lstrip())]
    lines.insert(row - 1, f"{indent}# {comment}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "comment",
    [
        "lintgrad: ignore[LG101]",
        "lintgrad: ignore[LG101] gradients of all batches are wanted here",
        "lintgrad: ignore[missing-zero-grad]",
        "lintgrad:ignore [ LG101 ]",
        "lintgrad: ignore[LG1]",
        "type: ignore  # lintgrad: ignore[LG101]",
        "lintgrad: ignore-file[LG101]",
        "LintGrad: Ignore[LG101]",
        "lintgrad: ignore[LG902]  # lintgrad: ignore[LG101]",
    ],
)
def test_an_ignore_silences_its_statement(comment: str) -> None:
    assert codes(BUGGY) == ["8 LG101"]
    assert codes(on_row(8, comment)) == []
    assert codes(above_row(8, comment)) == []


@pytest.mark.parametrize(
    "comment", ["noqa: LG101", "NOQA:LG101", "noqa: E501, LG101", "NoQA:LG101,F4"]
)
def test_noqa_with_a_code_silences_its_own_line_only(comment: str) -> None:
    assert codes(on_row(8, comment)) == []
    assert codes(above_row(8, comment)) == ["9 LG101"]
    assert codes(on_row(5, comment)) == ["5 LG902", "8 LG101"]


def test_a_bare_noqa_and_the_codes_of_others_mean_nothing_to_us() -> None:
    assert codes(on_row(8, "noqa")) == ["8 LG101"]
    assert codes(on_row(8, "noqa: E501")) == ["8 LG101"]


def test_an_ignore_on_a_loop_header_holds_for_the_loop_and_nothing_behind_it() -> None:
    twice = BUGGY + BUGGY.split("\n\n")[1]
    assert codes(on_row(5, "lintgrad: ignore[LG101]")) == []
    assert codes(above_row(5, "lintgrad: ignore[LG101]")) == []
    assert codes(on_row(5, "lintgrad: ignore[LG101]", twice)) == ["14 LG101"]
    assert codes(on_row(7, "lintgrad: ignore[LG101]")) == ["7 LG902", "8 LG101"]


def test_an_ignore_may_stand_on_any_line_of_a_statement() -> None:
    head = "import torch\nq = torch.tensor([2.0, 3.0], requires_grad=True)\n"
    lines = ["(", "    q", "    * 3", ").backward()"]
    for number in range(4):
        marked = [f"{line}  # lintgrad: ignore[LG201]" if i == number else line
                  for i, line in enumerate(lines)]  # fmt: skip
        assert codes(head + "\n".join(marked) + "\n") == []
    assert codes(head + "\n".join(lines) + "\nq # lintgrad: ignore[LG201]\n") == [
        "3 LG201", "7 LG902",
    ]  # fmt: skip


def test_text_that_is_no_comment_silences_nothing() -> None:
    text = BUGGY.replace("optimizer.step", 'x = "# lintgrad: ignore[LG101]"; optimizer.step')
    assert codes(text) == ["8 LG101"]


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("lintgrad: ignore[LG102]", "`ignore[LG102]` silences nothing"),
        ("lintgrad: ignore[LG101, LG102]", "`ignore[LG102]` silences nothing"),
        ("lintgrad: ignore-file[LG201]", "`ignore-file[LG201]` silences nothing"),
        ("noqa: LG201", "`noqa: LG201` silences nothing"),
        ("lintgrad: ignore[LG1O1]", "unknown rule `LG1O1`; did you mean"),
        ("lintgrad: ignore", "`ignore` names no rule, as in `ignore[LG101]`"),
        ("lintgrad: ignore[]", "`ignore` names no rule, as in `ignore[LG101]`"),
        ("lintgrad: ingore[LG101]", "`lintgrad: ingore` is not understood; did you mean `ignore`?"),
        ("lintgrad: accumulates", "`accumulates` does not stand on a loop"),
    ],
)
def test_a_comment_in_vain_is_reported(comment: str, message: str) -> None:
    found = [one for one in check_source(on_row(8, comment)) if one.code == "LG902"]
    (one,) = found
    assert one.message.startswith(message)
    assert one.range.start.row == 8
    assert on_row(8, comment).splitlines()[7][one.range.start.column - 1 :] == f"# {comment}"


def test_an_ignore_of_a_rule_that_did_not_run_is_not_reported(tmp_path: Path) -> None:
    text = on_row(8, "lintgrad: ignore[LG102]")
    assert codes(text, select=["LG902"]) == []
    assert codes(text, select=["LG101", "LG902"]) == ["8 LG101"]
    assert codes(text, ignore=["LG102"]) == ["8 LG101"]
    assert codes(text, ignore=["LG902"]) == ["8 LG101"]
    assert codes(on_row(8, "lintgrad: ignore[LG1]", FIXED), ignore=["LG102"]) == []
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    settings = tmp_path / "lintgrad.toml"
    settings.write_text("[per-file-ignores]\n'train.py' = ['LG102']\n", encoding="utf-8")
    assert "LG902" not in lintgrad("check", cwd=tmp_path).stdout
    settings.write_text("[per-file-ignores]\n'other.py' = ['LG102']\n", encoding="utf-8")
    assert "LG902" in lintgrad("check", cwd=tmp_path).stdout


def test_an_ignore_of_a_finding_that_would_be_hidden_anyway_is_used() -> None:
    text = """\
import torch
def train(model, loader, optimizer, args):
    for x, y in loader:
        if args.clear:
            optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()  # lintgrad: ignore[LG101]
"""
    assert codes(text.replace("  # lintgrad: ignore[LG101]", ""), confidence=Confidence.LOW)
    assert codes(text) == []
    assert codes(text, confidence=Confidence.LOW) == []


def test_an_unused_ignore_can_itself_be_ignored() -> None:
    assert codes(on_row(8, "lintgrad: ignore[LG101, LG902]", FIXED)) == []
    assert codes(on_row(1, "lintgrad: ignore-file[LG902]", on_row(8, "lintgrad: nothing"))) == [
        "8 LG101"
    ]


def test_ignores_in_a_file_that_cannot_be_read_are_not_reported() -> None:
    assert codes("import torch  # lintgrad: ignore[LG101]\nfor x in\n") == ["2 LG901"]


def test_ignores_are_judged_in_files_without_training_code_too(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("x = 1  # lintgrad: ignore[LG101]\n", encoding="utf-8")
    run = lintgrad("check", cwd=tmp_path)
    assert run.stdout == "plain.py:1:8: LG902 `ignore[LG101]` silences nothing\n"


def test_accumulates_on_a_loop_means_that_gradients_pile_up_there() -> None:
    assert codes(on_row(5, "lintgrad: accumulates")) == []
    assert codes(above_row(5, "lintgrad: accumulates on purpose")) == []
    early = BUGGY.replace("    optimizer.step()", "    optimizer.zero_grad()\n    optimizer.step()")
    # It says nothing of other mistakes, and is reported where nothing piles up.
    assert codes(on_row(5, "lintgrad: accumulates", early)) == ["5 LG902", "9 LG102"]


NESTED = """\
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    for x, y in loader:
        torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
"""


def test_accumulates_on_an_inner_loop_does_not_excuse_the_outer_one() -> None:
    assert codes(NESTED) == ["8 LG101"]
    assert codes(on_row(6, "lintgrad: accumulates", NESTED)) == ["6 LG902", "8 LG101"]
    assert codes(on_row(5, "lintgrad: accumulates", NESTED)) == []


def test_statements_and_loops_are_found_by_their_tokens() -> None:
    text = '''\
x = """
# no comment
"""
async def f():
    async for a in b:  # 1
        if a: pass
        # 2

    # 3
for a in b: pass  # 4
while (
    a  # 5
):
    y = 1; \\
    z = 2  # 6
else:  # 7
    pass
'''
    layout = layout_of(Source("a.py", text))
    found = {comment.text[2:]: comment for comment in layout.comments}
    assert found["1"].loop == Rows(5, 6)
    assert found["4"].loop == Rows(10, 10)
    assert found["5"].loop == Rows(11, 15)
    assert found["5"].statement == Rows(11, 13)
    assert found["6"].statement == Rows(14, 15)
    assert [found[n].loop for n in "2367"] == [found["4"].loop, found["4"].loop, None, None]
    assert [n for n in found if found[n].above] == ["2", "3"]
    assert layout.statement_at(2) == Rows(1, 3)


def test_adding_ignores_silences_every_finding_and_changes_no_code(tmp_path: Path) -> None:
    folder = tmp_path / "loops"
    shutil.copytree(FIXTURES / "loops", folder)
    trees = {path: ast.dump(ast.parse(path.read_bytes())) for path in folder.glob("*.py")}
    before = lintgrad("check", "--output-format", "jsonl", cwd=folder)
    count = len(before.stdout.splitlines())
    added = lintgrad("check", "--add-ignores=known", cwd=folder)
    assert (added.returncode, added.stdout) == (0, "")
    assert added.stderr == f"lintgrad: ignores added for {count} findings\n"
    after = lintgrad("check", cwd=folder)
    assert (after.returncode, after.stdout) == (0, "")
    for path, tree in trees.items():
        assert ast.dump(ast.parse(path.read_bytes())) == tree
    texts = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert texts.count("] known\n") > 10


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_added_ignores_keep_encoding_line_endings_and_comments(
    tmp_path: Path, encoding: str
) -> None:
    head = "# -*- coding: latin-1 -*-\r\n" if encoding == "latin-1" else ""
    text = head + BUGGY.replace("\n", "\r\n").replace("step()", "step()  # müde  ")
    (tmp_path / "train.py").write_bytes(text.encode(encoding))
    assert lintgrad("check", "--add-ignores", "train.py", cwd=tmp_path).returncode == 0
    expected = text.replace("müde  ", "müde  # lintgrad: ignore[LG101]")
    assert (tmp_path / "train.py").read_bytes() == expected.encode(encoding)


def test_an_added_ignore_joins_the_one_that_is_there(tmp_path: Path) -> None:
    text = BUGGY.replace("step()", "step()  # lintgrad: ignore[LG902] because")
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    assert lintgrad("check", "--add-ignores=now", cwd=tmp_path).returncode == 0
    written = (tmp_path / "train.py").read_text(encoding="utf-8")
    assert written == text.replace("[LG902]", "[LG902, LG101]")
    assert lintgrad("check", cwd=tmp_path).returncode == 0


def test_a_reason_that_a_file_cannot_hold_changes_no_file(tmp_path: Path) -> None:
    old = f"# -*- coding: latin-1 -*-\n{BUGGY}".encode("latin-1")
    for name, data in {"a.py": BUGGY.encode(), "b.py": old}.items():
        (tmp_path / name).write_bytes(data)
    run = lintgrad("check", "--add-ignores=日本", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "lintgrad: b.py: its encoding, latin-1, has no '日本': nothing is written\n"
    )
    assert (tmp_path / "a.py").read_bytes() == BUGGY.encode()
    assert (tmp_path / "b.py").read_bytes() == old


def test_what_no_comment_can_silence_is_reported_and_exits_with_one(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import torch\nfor x in\n", encoding="utf-8")
    run = lintgrad("check", "--add-ignores", cwd=tmp_path)
    assert run.returncode == 1
    assert "broken.py:2:9: LG901" in run.stdout
    assert (tmp_path / "broken.py").read_text(encoding="utf-8") == "import torch\nfor x in\n"
