"""The judged findings on public repositories: complete, and none of them a false alarm."""

import re

from judge_corpus import judged, repositories, verdicts

from lintgrad.registry import installed_rules


def test_repositories_are_pinned_and_there_are_enough_of_them() -> None:
    assert len(repositories()) >= 60
    assert all(re.fullmatch(r"[0-9a-f]{40}", commit) for commit in repositories().values())
    assert repositories()["pytorch/examples"].startswith("77f55b9")


def test_every_verdict_is_about_a_known_repository_and_rule_and_gives_its_reason() -> None:
    codes = {rule.code for rule in installed_rules()}
    for verdict in verdicts():
        assert verdict["repository"] in repositories()
        assert verdict["code"] in codes
        assert verdict["verdict"] in ("true", "false")
        assert str(verdict["reason"]).endswith(".")


def test_no_false_alarm_is_left_at_the_default_settings() -> None:
    assert [v for v in verdicts() if v["verdict"] == "false"] == []


def test_four_scripts_are_all_that_is_found_in_pytorch_examples() -> None:
    folder = "distributed/tensor_parallelism"
    assert sorted(place.path for place in judged("pytorch/examples")) == [
        "distributed/minGPT-ddp/mingpt/trainer.py",
        f"{folder}/fsdp_tp_example.py",
        f"{folder}/sequence_parallel_example.py",
        f"{folder}/tensor_parallel_example.py",
    ]
