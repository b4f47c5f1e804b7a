"""Where lintgrad runs: the GitHub action, the workflows, and the README's examples for other CI."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from commands import BUGGY, FIXED
from fixtures import ROOT
from sarif_pydantic import Sarif

ACTION = ROOT / ".github" / "actions" / "lintgrad" / "action.yml"
README = (ROOT / "README.md").read_text(encoding="utf-8")
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")


def valid(schema: str, *files: Path) -> None:
    command = ["check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    done = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_and_the_workflows_are_valid_by_their_public_schemas() -> None:
    valid("vendor.github-actions", ACTION)
    valid("vendor.github-workflows", *(ROOT / ".github" / "workflows").glob("*.yml"))


class Action:
    """The action, with its shell steps run here as a runner would."""

    def __init__(self, folder: Path) -> None:
        self.value = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
        self.folder = folder
        self.variables = folder.parent / "github_env"
        self.variables.write_text("", encoding="utf-8")

    def inputs(self, **given: str) -> dict[str, str]:
        defaults = {name: one["default"] for name, one in self.value["inputs"].items()}
        return defaults | {name.replace("_", "-"): value for name, value in given.items()}

    def run(self, name: str, **given: str) -> subprocess.CompletedProcess[str]:
        (step,) = [s for s in self.value["runs"]["steps"] if s.get("name") == name]
        values = {f"inputs.{key}": value for key, value in self.inputs(**given).items()}
        values["github.action_path"] = str(ACTION.parent)
        values["steps.python.outputs.python-path"] = sys.executable
        said = {k: _EXPRESSION.sub(lambda m: values[m[1]], v) for k, v in step["env"].items()}
        kept = dict(
            line.split("=", 1) for line in self.variables.read_text(encoding="utf-8").splitlines()
        )
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment |= {"RUNNER_TEMP": str(self.folder.parent), "GITHUB_ENV": str(self.variables)}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=environment | kept | said,
            capture_output=True,
            text=True,
            check=False,
        )


def test_no_input_is_pasted_into_a_script() -> None:
    steps = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 3
    assert [script for script in scripts if "${{" in script] == []


def test_the_steps_of_the_action_install_report_and_fail_as_they_should(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(BUGGY, encoding="utf-8")
    (folder / "fine.py").write_text(FIXED, encoding="utf-8")
    action = Action(folder)
    installed = action.run("Install lintgrad")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    assert Path(action.variables.read_text().strip().removeprefix("LINTGRAD=")).is_file()

    checked = action.run("Check")
    assert checked.returncode == 1, checked.stderr
    assert checked.stdout.startswith("::warning title=LG101 missing-zero-grad,file=train.py,line=8")
    assert action.run("Check", paths="fine.py").returncode == 0
    assert action.run("Check", arguments="--ignore LG101 --pedantic").returncode == 0
    assert action.run("Check", arguments="--no-such-option").returncode == 2
    injected = action.run("Check", paths="fine.py; touch broken", arguments="$(touch broken)")
    assert injected.returncode == 2
    assert not (folder / "broken").exists()

    written = action.run("Write the SARIF log", sarif_file="out.sarif")
    assert written.returncode == 0, written.stderr
    text = (folder / "out.sarif").read_text(encoding="utf-8")
    (run,) = Sarif.model_validate_json(text).runs
    assert len(run.results or []) == 1

    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "old"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *command], cwd=folder, check=True)
    assert action.run("Check", diff_base="HEAD").returncode == 0


def fence(marker: str, language: str) -> str:
    """The code of the README's fence behind a marker."""
    match = re.search(rf"<!-- {marker} -->\n```{language}\n(.*?)```", README, re.DOTALL)
    assert match is not None, marker
    return match[1]


def test_the_gitlab_example_is_valid_by_its_public_schema(tmp_path: Path) -> None:
    file = tmp_path / "gitlab-ci.yml"
    file.write_text(fence("gitlab", "yaml"), encoding="utf-8")
    valid("vendor.gitlab-ci", file)
    (job,) = yaml.safe_load(file.read_text(encoding="utf-8")).values()
    report = job["artifacts"]["reports"]["codequality"]
    assert f"--output-format gitlab --output-file {report}" in " ".join(job["script"])


def test_the_action_example_uses_inputs_that_there_are(tmp_path: Path) -> None:
    file = tmp_path / "workflow.yml"
    file.write_text(fence("action", "yaml"), encoding="utf-8")
    valid("vendor.github-workflows", file)
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values()
    (step,) = [s for job in jobs for s in job["steps"] if "lintgrad" in s.get("uses", "")]
    assert step["uses"].partition("@")[0] == "lintgrad/lintgrad/.github/actions/lintgrad"
    known = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"]
    assert set(step["with"]) <= set(known)


def test_the_pre_commit_example_names_a_hook_that_there_is() -> None:
    config = yaml.safe_load(fence("pre-commit", "yaml"))
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    named = [hook["id"] for repo in config["repos"] for hook in repo["hooks"]]
    assert set(named) <= {hook["id"] for hook in hooks}


def test_the_tox_and_nox_examples_run_the_check() -> None:
    tox = tomllib.loads(fence("tox", "toml"))
    assert tox["env"]["lintgrad"]["commands"] == [["lintgrad", "check", "."]]
    nox = fence("nox", "python")
    compile(nox, "noxfile.py", "exec")
    assert 'session.run("lintgrad", "check")' in nox


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_make_example_fails_on_a_bug_and_passes_when_it_is_fixed(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(fence("make", "make"), encoding="utf-8")
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def make() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "lint"],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    failed = make()
    assert failed.returncode != 0
    assert "LG101" in failed.stdout
    (tmp_path / "train.py").write_text(FIXED, encoding="utf-8")
    assert make().returncode == 0
