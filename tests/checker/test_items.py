"""The fixture and the config items, in a project of somebody else."""

from __future__ import annotations

import pytest

from tests.checker.demo import install
from tests.checker.fact_demo import install_facts, model


@pytest.fixture
def theirs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    install(pytester.path)
    monkeypatch.setenv("LLEM_CACHE_DIR", str(pytester.path / "cache"))
    configs = pytester.mkdir("configs")
    (configs / "good.yaml").write_text("model: m\n")
    (configs / "bad.yaml").write_text("model: m\ntensor-parallel-size: 0\n")
    (configs / "warned.json").write_text('{"temperature": 0.001}')
    (configs / "broken.json").write_text("[1]")
    (configs / "notes.txt").write_text("no config")
    return pytester


def run(theirs: pytest.Pytester, ini: str, *words: str) -> pytest.RunResult:
    theirs.makeini(f"[pytest]\nllem_configs_root = .\n{ini}\n")
    return theirs.runpytest_subprocess("-v", "-p", "no:cacheprovider", *words)


def test_what_the_ini_file_says_a_variable_and_an_option_say_too(
    theirs: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLEM_CONFIGS", "configs/bad.yaml")
    run(theirs, "").assert_outcomes(failed=1)
    run(theirs, "", "--llem-configs=configs/good.yaml configs/bad.yaml").assert_outcomes(passed=1, failed=1)
    result = run(theirs, "llem_configs_engine = demo", "--llem-configs-engine=dmo")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*dmo*"])


def test_each_config_is_an_item(theirs: pytest.Pytester) -> None:
    result = run(theirs, "llem_configs = configs/*.yaml configs/*.json")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["configs/bad.yaml::accepted FAILED*", "configs/good.yaml::accepted PASSED*"])
    result.stdout.fnmatch_lines(
        ["bad.yaml:2:1: error: tensor-parallel-size=0", "*set tensor-parallel-size to at least 1"]
    )
    result.stdout.fnmatch_lines(["*the file holds a list, not a mapping*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_without_the_option_no_file_is_touched(theirs: pytest.Pytester) -> None:
    assert run(theirs, "").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_the_engine_and_the_platform_are_options(theirs: pytest.Pytester) -> None:
    (theirs.path / "configs" / "good.yaml").write_text("model: m\ngraphs: true\n")
    run(theirs, "llem_configs = configs/good.yaml").assert_outcomes(failed=1)
    ini = "llem_configs = configs/good.yaml\nllem_configs_engine = demo\nllem_configs_platform = cuda"
    run(theirs, ini).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [("llem_configs_engine = dmo", "dmo"), ("llem_configs_engine = demo\nllem_configs_platform = moon", "moon")],
)
@pytest.mark.parametrize("sharing", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_an_engine_or_a_platform_that_is_unknown_is_refused_before_any_file_is_read(
    theirs: pytest.Pytester, wrong: str, named: str, sharing: tuple[str, ...]
) -> None:
    result = run(theirs, f"llem_configs = configs/*.yaml\n{wrong}", *sharing)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (*result.outlines, *result.errlines) if line.startswith("ERROR:")]
    assert f"'{named}'" in line


def test_a_pass_can_be_asked_to_be_certified(theirs: pytest.Pytester) -> None:
    ini = "llem_configs = configs/good.yaml\nllem_configs_certified = true"
    run(theirs, ini).assert_outcomes(passed=1)
    (theirs.path / "corpora/demo/invariants.validated.yaml").unlink()
    result = run(theirs, ini)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["good.yaml: accepted, but only with certification 'none'"])


def test_where_the_files_run_is_an_option(theirs: pytest.Pytester) -> None:
    install_facts(theirs.path)
    (theirs.path / "configs" / "good.yaml").write_text("model: m\ntensor-parallel-size: 3\nswap: 5\n")
    model(theirs.path / "m32", num_attention_heads=32)
    model(theirs.path / "m33", num_attention_heads=33)
    ini = "llem_configs = configs/good.yaml\nllem_configs_decided = true\nllem_configs_gpu = H100:4\n"
    result = run(theirs, ini)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["good.yaml: depends on the model (1 rule) — set llem_configs_model*", "  uneven if model.arch.heads % 3 != 0"]
    )
    result = run(theirs, f"{ini}llem_configs_model = m32")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "good.yaml:2:1: error: tensor-parallel-size=3, model.arch.heads=32",
            "  fix  set tensor-parallel-size to a divisor of model.arch.heads (32)",
        ]
    )
    run(theirs, f"{ini}llem_configs_model = m33").assert_outcomes(passed=1)
    (theirs.path / "world.yaml").write_text("model.arch.heads: 33\n")
    run(theirs, f"{ini}llem_configs_world = world.yaml").assert_outcomes(passed=1)
    wrong = run(theirs, f"{ini}llem_configs_model = none")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR


def test_the_fixture_loads_a_checker_once(theirs: pytest.Pytester) -> None:
    theirs.makepyfile(
        """
        def test_verdict(llem_checker):
            checker = llem_checker("demo", root=".")
            assert checker is llem_checker("demo", root=".")
            assert not checker.check("Sampling", {"temperature": -1}).ok
            assert llem_checker("demo", version="1.0", root=".").version == "1.0"
        """
    )
    run(theirs, "").assert_outcomes(passed=1)


def test_items_run_under_xdist(theirs: pytest.Pytester) -> None:
    run(theirs, "llem_configs = configs/*.yaml", "-n", "2").assert_outcomes(passed=1, failed=1)
