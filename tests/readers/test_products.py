"""Shapes of products that keep an engine's options."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.readers.found import COMMAND, UnknownValue
from tests.readers.conftest import Look, line


def test_sections_that_an_engine_declares_and_the_roles_below_them(look: Look) -> None:
    text = """\
    model: {container: "vllm/vllm-openai:nightly-1"}
    backend:
      type: vllm
      vllm_config:
        prefill: {tensor-parallel-size: 2, trust-remote-code: true}
        decode:
          tensor-parallel-size: 4
    """
    prefill, decode = look("job.yaml", text)
    data = dict(prefill.data)
    assert isinstance(data.pop("**"), UnknownValue)  # whoever starts it adds more
    assert (prefill.form, data) == ("serve", {"tensor-parallel-size": 2, "trust-remote-code": True})
    assert decode.place_of is not None
    assert decode.place_of(("tensor-parallel-size",)) == (7, 7)
    assert decode.beside.is_built


def test_yaml_in_yaml_keeps_its_places(look: Look) -> None:
    text = """\
    kind: RayService
    spec:
      serveConfigV2: |
        applications:
          - args:
              llm_configs:
                - engine_kwargs:
                    max_model_len: 4096
                    dtype: ${DTYPE}
    # vllm
    """
    (found,) = look("ray.yaml", text)
    assert found.data["max_model_len"] == 4096
    assert repr(found.data["dtype"]) == "${DTYPE}"
    assert found.place_of is not None
    assert found.place_of(("max_model_len",)) == (8, 17)


def test_a_model_with_engine_and_arguments(look: Look) -> None:
    text = """\
    kind: Model
    spec:
      engine: VLLM
      url: hf://some/model
      args: [--max-model-len=8192]
      env: {VLLM_X: "1"}
    """
    (found,) = look("model.yaml", text)
    assert line(found) == "vllm serve some/model --max-model-len=8192"
    assert found.beside.env == {"VLLM_X": "1"}


def test_the_options_of_a_chart(look: Look) -> None:
    text = """\
    servingEngineSpec:
      modelSpec:
        - repository: vllm/vllm-openai
          tag: v0.11.0
          modelURL: some/model
          requestGPU: 2
          vllmConfig:
            enablePrefixCaching: false
            maxModelLen: 4096
            extraArgs: ["--seed", "1"]
    """
    (found,) = look("values.yaml", text)
    assert line(found) == "vllm serve some/model --no-enable-prefix-caching --max-model-len 4096 --seed 1"
    assert (found.beside.version, found.beside.gpus) == ("0.11.0", 2)
    assert found.words[4].place == (9, 9)


def test_a_recipe_gives_what_all_share_with_each_of_its_parts(look: Look) -> None:
    text = """\
    model:
      model_id: some/model
      base_args: [--trust-remote-code]
    features:
      tools: {args: ["--tool-call-parser", "x"]}
    variants:
      default: {precision: fp8}
      small:
        model_id: other/model
        extra_args: ["--max-model-len auto"]
        hardware_overrides:
          one: {extra_args: [--enforce-eager]}
    guide: |
      Uses vLLM.
      ```bash
      vllm serve some/model --seed 1
      ```
    # vllm
    """
    assert sorted(line(found).replace(" <$@>", "") for found in look("recipe.yaml", text)) == [
        "vllm serve other/model --trust-remote-code --max-model-len auto",
        "vllm serve other/model --trust-remote-code --max-model-len auto --enforce-eager",
        "vllm serve some/model --seed 1",
        "vllm serve some/model --trust-remote-code",
        "vllm serve some/model --trust-remote-code --tool-call-parser x",
    ]


def test_a_part_of_a_recipe_names_the_image_in_which_it_runs(look: Look) -> None:
    text = """\
    model:
      model_id: some/model
      base_args: [--seed, "1"]
      docker_image: "vllm/vllm-openai:v0.11.0"
    features:
      same: {args: ["--a"]}
      later: {args: ["--b"], docker_image: "vllm/vllm-openai:v0.12.0"}
      own: {args: ["--c"], docker_image: "somebody/own-vllm:1"}
    """
    told = [(one.words[-1], one.beside.version, one.beside.is_built) for one in look("recipe.yaml", text)]
    assert told == [("1", "0.11.0", False), ("--a", "0.11.0", False), ("--b", "0.12.0", False), ("--c", None, True)]


def test_a_server_that_is_started_by_a_line_of_its_file(look: Look) -> None:
    text = """\
    base_image: {image: "vllm/vllm-openai:v0.11.0"}
    docker_server:
      start_command: sh -c "TOKEN=$(cat /secret) vllm serve m --seed 1"
    environment_variables: {VLLM_X: 1}
    """
    (found,) = look("config.yaml", text)
    assert (found.form, line(found)) == (COMMAND, "vllm serve m --seed 1")
    assert (found.beside.version, found.beside.env) == ("0.11.0", {"VLLM_X": "1"})


def test_what_adds_to_an_engine_is_told_by_its_trace(look: Look) -> None:
    assert look("a.sh", "pip install vllm-other\nvllm serve m --a\n")[0].beside.plugins == ("vllm-other",)
    assert look("a.sh", "vllm serve m --a\n")[0].beside.plugins == ()


VALUES = """\
image:
  repository: docker.io/vllm/vllm-openai
  tag: v0.11.0
replicaCount: 1
extraArgs:
  - --max-model-len=16384
  - --dtype={{ .Values.dtype }}
env: [{name: VLLM_X, value: "1"}]
"""


def test_the_image_and_the_arguments_of_a_chart_s_values(look: Look) -> None:
    """The chart's template adds others, of which nobody knows."""
    (found,) = look("values.yaml", VALUES)
    assert line(found) == "vllm serve <$@> --max-model-len=16384 --dtype={{ .Values.dtype }}"
    assert (found.beside.version, found.beside.env) == ("0.11.0", {"VLLM_X": "1"})
    assert found.words[3].place == (6, 5)


def test_arguments_in_a_text_and_an_image_without_a_tag(look: Look) -> None:
    text = VALUES.replace("  tag: v0.11.0\n", "").partition("extraArgs")[0]
    (found,) = look("values.yaml", f"{text}vllm_extra_args: '--seed 1 --dtype half'\n")
    assert line(found) == "vllm serve <$@> --seed 1 --dtype half"
    assert (found.beside.version, found.beside.is_built) == (None, True)


@pytest.mark.parametrize(
    "change", [("vllm/vllm-openai", "other/image"), ("extraArgs", "sidecarArgs"), ("--max-model-len", "max-model-len")]
)
def test_arguments_of_something_else_are_none(look: Look, change: tuple[str, str]) -> None:
    assert look("values.yaml", VALUES.replace(*change)) == []


def test_the_image_of_a_chart_s_values_tells_the_version_of_what_is_below(look: Look) -> None:
    text = VALUES.partition("extraArgs")[0] + "server:\n  command: [vllm, serve, m, --seed, '1']\n  name: a\n"
    (found,) = look("values.yaml", text)
    assert (line(found), found.beside.version) == ("vllm serve m --seed 1", "0.11.0")
