"""Manifests and compose files, by their structure."""

from __future__ import annotations

import pytest

from tests.readers.conftest import Look, line

POD = """
    apiVersion: {api}
    kind: {kind}
    metadata:
      name: m
    spec:
    {outside}
          containers:
            - name: server
              image: vllm/vllm-openai:v0.19.1
              command: ["vllm", "serve"]
              args: ["some/model", "--max-model-len=4096"]
              resources:
                limits:
                  nvidia.com/gpu: 2
"""


@pytest.mark.parametrize(
    ("kind", "outside"),
    [
        ("Deployment", "  template:\n        spec:"),
        ("Job", "  template:\n        spec:"),
        ("InferenceService", "  predictor:\n        x: {}"),
        ("Whatever", "  roles:\n        - template:"),
    ],
)
def test_a_container_is_read_whatever_kind_of_object_holds_it(look: Look, kind: str, outside: str) -> None:
    text = POD.format(api="apps/v1", kind=kind, outside=outside)
    text = text.replace("    - template:", "      template:") if "roles" in outside else text
    (found,) = look("pod.yaml", text.replace("x: {}\n", "\n"))
    assert line(found) == "vllm serve some/model --max-model-len=4096"
    assert (found.beside.version, found.beside.gpus) == ("0.19.1", 2)


def test_every_document_of_a_file_is_read_and_every_word_has_its_place(look: Look) -> None:
    text = """\
    kind: Service
    ---
    spec:
      containers:
        - name: a
          image: vllm/vllm-openai:latest
          args:
            - --model=m
            - --max-num-seqs
            - "8"
    """
    (found,) = look("two.yaml", text)
    assert line(found) == "vllm serve --model=m --max-num-seqs 8"
    assert [word.place for word in found.words[2:]] == [(8, 11), (9, 11), (10, 11)]
    assert found.beside.version is None


def test_a_script_in_a_container_keeps_the_lines_of_the_file(look: Look) -> None:
    text = """\
    spec:
      containers:
        - name: a
          image: other:1
          command: ["/bin/bash", "-c"]
          args:
            - |
              export VLLM_X=1
              # vllm serve not-this
              vllm serve m \\
                --dtype float16 "$EXTRA"
          env:
            - name: VLLM_Y
              value: "2"
            - name: TOKEN
              valueFrom: {secretKeyRef: {name: s, key: k}}
    """
    (found,) = look("script.yaml", text)
    assert line(found) == "vllm serve m --dtype float16 <$EXTRA>"
    assert found.words[3].place == (11, 13)
    assert dict(found.beside.env) == {"VLLM_X": "1", "VLLM_Y": "2"}
    assert found.beside.unknown_env == {"TOKEN"}


def test_a_folded_command_is_one_line(look: Look) -> None:
    text = """\
    servers:
      - server_cmd: >
          vllm serve m
            --a 1
            --b
          '{"c": 2}'
    """
    (found,) = look("folded.yaml", text)
    assert line(found) == 'vllm serve m --a 1 --b {"c": 2}'
    assert found.words[3].place == (4, 9)


def test_variables_of_a_container_are_put_in(look: Look) -> None:
    text = """\
    spec:
      containers:
        - name: a
          image: vllm/vllm-openai:v0.11.0
          args: [--model=$(MODEL), --max-model-len=$(OTHER)]
          env: [{name: MODEL, value: some/model}]
    """
    (found,) = look("env.yaml", text)
    assert line(found) == "vllm serve --model=some/model <--max-model-len=…>"


def test_a_device_counts_where_one_machine_runs_it(look: Look) -> None:
    one = """\
    spec:
      nodeSelector: {cloud.google.com/gke-accelerator: nvidia-h100-80gb}
      containers:
        - {name: a, image: "vllm/vllm-openai:v0.11.0", args: [--model=m], resources: {limits: {nvidia.com/gpu: "8"}}}
    """
    several = "leaderWorkerTemplate:\n" + "\n".join(f"  {row}" for row in one.splitlines())
    (found,) = look("one.yaml", one)
    assert (found.beside.gpu, found.beside.gpus) == ("H100", 8)
    (found,) = look("several.yaml", several)
    assert found.beside.gpus is None


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("command: --model m --dtype half", "vllm serve --model m --dtype half"),
        ("command: [m, --dtype, '${DTYPE:-half}']", "vllm serve m --dtype half"),
        ("command: [m, --dtype, '${DTYPE}']", "vllm serve m --dtype <…>"),
        ("entrypoint: vllm serve\n    command: [m]", "vllm serve m"),
        (
            "entrypoint: [bash, -c, 'exec vllm serve $$EXTRA \"$$@\"', --]\n    command: [--model, m]",
            "vllm serve <$EXTRA> --model m",
        ),
    ],
)
def test_a_service_of_a_compose_file(look: Look, rest: str, told: str) -> None:
    text = f"services:\n  s:\n    image: vllm/vllm-openai:v0.27.1\n    container_name: s\n    {rest}\n"
    (found,) = look("compose.yml", text)
    assert line(found) == told
    assert found.beside.version == "0.27.1"


def test_anchors_of_a_compose_file_are_followed_once(look: Look) -> None:
    text = """\
    x-base: &base
      image: vllm/vllm-openai:v0.27.1
      environment: [VLLM_X=1, FROM_OUTSIDE]
      deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 2}]}}}
    services:
      a: {<<: *base, command: [m, --dtype, half]}
      b: {<<: *base, command: [n]}
    """
    a, b = look("compose.yml", text)
    assert (line(a), line(b)) == ("vllm serve m --dtype half", "vllm serve n")
    assert a.beside.gpus == 2
    assert a.beside.env == {"VLLM_X": "1"}


def test_another_program_in_the_image_is_no_engine(look: Look) -> None:
    text = "services:\n  s:\n    image: vllm/vllm-openai:v0.27.1\n    command: [bash, -c, sleep 1]\n"
    assert look("compose.yml", text) == []


def test_a_template_is_read_with_what_it_puts_in_unknown(look: Look) -> None:
    text = """\
    {{- if .Values.on }}
    kind: Deployment
    spec:
      containers:
        - name: a
          image: "{{ .Values.image }}:{{ .Values.tag | default "x" }}"
          command: [vllm, serve]
          args:
            - "--model={{ .Values.model }}"
            - --max-num-seqs=8
            {{- if .Values.eager }}
            - --enforce-eager
            {{- end }}
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
    {{- end }}
    """
    (found,) = look("deployment.yaml", text)
    words = [(str(word), word.known, word.given) for word in found.words[2:]]
    assert words[1:] == [("--max-num-seqs=8", True, True), ("--enforce-eager", True, False)]
    assert not words[0][1]
    assert found.words[3].place == (10, 11)


def test_of_a_broken_document_the_whole_parts_are_read(look: Look) -> None:
    text = """\
    apiVersion: apps/v1
        kind: Deployment
        spec:
          containers:
            - name: a
              image: vllm/vllm-openai:v0.11.0
              args: [--model, m]
          volumes: []
    """
    (found,) = look("snippet.yaml", text)
    assert line(found) == "vllm serve --model m"
    assert found.words[2].place == (7, 18)


@pytest.mark.parametrize(
    "text",
    [
        "description: vllm serve is a command --of x\n",
        "# vllm serve m\nkind: x\n",
        "model: vllm\ntitle: vllm serve m --x\n",
        "spec:\n  containers: [{name: router, image: 'some/vllm-router:1', args: [--port, '1']}]\n",
    ],
)
def test_what_only_speaks_of_an_engine_is_no_config(look: Look, text: str) -> None:
    assert look("some.yaml", text) == []


def test_an_image_may_be_written_with_its_registry_apart(look: Look) -> None:
    text = "model: {container: 'ghcr.io#some/vllm-openai:v0.19.1-x'}\nbackend: {vllm_config: {max-model-len: 1}}\n"
    assert look("job.yaml", text)[0].beside.version == "0.19.1"
