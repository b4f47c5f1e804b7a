"""`lintgrad trace`: the timeline of every optimizer, as a table, a picture and values."""

import json
import re
import shlex
from pathlib import Path

import pydot  # reads what it is given with the dot language's own grammar
import pytest
from commands import BUGGY, in_a_terminal, lintgrad
from fixtures import FIXTURES
from rich.cells import cell_len

ACCUMULATING = """\
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for i, (x, y) in enumerate(loader):
    torch.nn.functional.mse_loss(model(x), y).backward()
    if (i + 1) % accum == 0:
        optimizer.step()
        optimizer.zero_grad()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    (tmp_path / "accum.py").write_text(ACCUMULATING, encoding="utf-8")
    return tmp_path


def table(text: str) -> list[list[str]]:
    """The cells of a table below its titles, split where two spaces stand."""
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    return [re.split(r"\s{2,}", line.strip()) for line in lines[1:]]


def test_the_timeline_shows_the_first_round_and_what_goes_wrong_in_the_others(
    project: Path,
) -> None:
    run = lintgrad("trace", "train.py", cwd=project)
    assert table(run.stdout)[-4:] == [
        ["1", "7", "adds gradients: loss.backward()", "clear", "pending", "1"],
        ["1", "8", "applies: optimizer.step()", "pending", "spent", "1"],
        ["2+", "7", "adds gradients: loss.backward()", "spent", "mixed", "2"],
        ["2+", "8", "applies: optimizer.step()", "mixed", "spent", "2"],
    ]


def test_a_counted_window_is_shown_with_the_values_that_decide_it(project: Path) -> None:
    run = lintgrad("trace", "accum.py", cwd=project)
    assert "`accum` is taken to be " in run.stdout
    rows = [row for row in table(run.stdout) if row[0].isdigit() and row[1].startswith("i=")]
    length = int(re.findall(r"`accum` is taken to be (\d+)", run.stdout)[0])
    applied = [row for row in rows if row[3].startswith("applies")]
    assert [row[1] for row in applied][:2] == [f"i={length - 1}", f"i={2 * length - 1}"]
    assert {row[-1] for row in applied} == {str(length)}
    added = [row[-1] for row in rows if row[3].startswith("adds")]
    assert added[: length + 1] == [*(str(n + 1) for n in range(length)), "1"]


def test_a_loop_header_shows_that_loop_alone(project: Path) -> None:
    whole = table(lintgrad("trace", "train.py", cwd=project).stdout)
    loop = table(lintgrad("trace", "train.py:5", cwd=project).stdout)
    assert len(loop) == len(whole) - 1
    assert all(row[0] for row in loop)


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_the_table_fits_the_terminal(project: Path, columns: int) -> None:
    text = BUGGY.replace("loss.backward()", "loss.mul(1.0).add(0.0).mul(1.0).mean().backward()")
    (project / "train.py").write_text(text, encoding="utf-8")
    for name in ("train.py", "accum.py"):
        written = in_a_terminal(project, "trace", name, COLUMNS=str(columns))
        rows = [line for line in written.splitlines() if line.startswith("    ")]
        assert len(rows) >= 5
        assert max(map(cell_len, rows)) <= columns
        assert ("…" in written) == (columns < 100)
        assert "adds gradients" in written


def test_values_are_those_of_the_table(project: Path) -> None:
    run = lintgrad("trace", "train.py", "--format", "json", cwd=project)
    (value,) = json.loads(run.stdout)
    assert (value["name"], value["filename"], value["last_row"]) == ("<module>", "train.py", 8)
    (optimizer,) = value["optimizers"]
    assert optimizer["place"] == "optimizer"
    assert optimizer["exact"] is True
    last = optimizer["events"][-1]
    assert last == {
        "iteration": "2+", "row": 8, "event": "applies", "code": "optimizer.step()",
        "before": ["mixed"], "after": ["spent"], "window": 2, "counters": {},
    }  # fmt: skip
    (project / "plain.py").write_text("x = 1\n", encoding="utf-8")
    empty = lintgrad("trace", "plain.py", "--format", "json", cwd=project)
    assert (empty.returncode, json.loads(empty.stdout)) == (0, [])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_dot_picture_is_read_by_a_dot_parser(project: Path) -> None:
    run = lintgrad("trace", "train.py", "--format", "dot", cwd=project)
    (graph,) = pydot.graph_from_dot_data(run.stdout) or []
    (cluster,) = graph.get_subgraphs()
    arrows = {
        (str(edge.get_source()).split("_")[1], str(edge.get_destination()).split("_")[1])
        for edge in cluster.get_edges()
    }
    assert {("clear", "pending"), ("pending", "spent"), ("spent", "mixed"), ("mixed", "spent")} <= (
        arrows
    )
    (mixed,) = cluster.get_node("t0_mixed")
    assert mixed.get("fillcolor") == "gold"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("output_format", ["dot", "mermaid"])
def test_pictures_survive_odd_names_of_files_and_places(output_format: str, tmp_path: Path) -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in (FIXTURES / "readme").glob("*.py"))
    odd = tmp_path / 'a "b" #c.py'
    odd.write_text(text.replace("optimizer", "opts['a:b']"), encoding="utf-8")
    run = lintgrad("trace", odd.name, "--format", output_format, cwd=tmp_path)
    assert run.stderr == ""
    if output_format == "dot":
        (graph,) = pydot.graph_from_dot_data(run.stdout) or []
        assert graph.get_subgraphs()
    else:
        texts = re.findall(r'state "(.*)" as t\d+ {', run.stdout)
        assert texts
        assert [t for t in texts if '"' in t or ":" in t] == []


def test_the_mermaid_picture_names_lines_and_rounds(project: Path) -> None:
    lines = lintgrad("trace", "train.py", "--format", "mermaid", cwd=project).stdout.splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "    t0_spent --> t0_mixed: line 7 adds gradients (2+)" in lines
    assert "  style t0_mixed fill:gold" in lines
    # Every state that an arrow names is declared.
    named = set(re.findall(r"t0_\w+", " ".join(line for line in lines if "-->" in line)))
    assert named == set(re.findall(r"as (t0_\w+)", "\n".join(lines)))


def test_a_wrong_format_is_one_line(project: Path) -> None:
    run = lintgrad(*shlex.split("trace train.py --format mermade"), cwd=project)
    assert run.returncode == 2
    assert "did you mean `mermaid`?" in run.stderr


def test_a_place_may_be_pasted_from_a_report_with_its_column(project: Path) -> None:
    pasted = lintgrad("trace", "train.py:8:5", cwd=project)
    assert pasted.returncode == 0
    assert pasted.stdout == lintgrad("trace", "train.py:8", cwd=project).stdout != ""
