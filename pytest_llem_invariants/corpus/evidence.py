"""The results on the live library, from plain data and back: cases, divergences, the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_llem_invariants.model import (
    Case,
    Certification,
    Change,
    Channel,
    CheckFailed,
    Divergence,
    Environment,
    EnvironmentKind,
    ObservedException,
    Outcome,
    Soundness,
)
from pytest_llem_invariants.text.strict import Section, value_to_data

_CASE_KEYS = (
    "id",
    "outcome",
    "emission_channel",
    "observed_messages",
    "observed_silent_normalisations",
    "observed_exception",
    "positive_confirmed",
    "message_confirmed",
    "negative_confirmed",
    "soundness",
    "certification",
    "fingerprint",
    "environment_kind",
    "skipped_reason",
)


def read_case(section: Section) -> Case:
    section.rule_id = section.text("id")
    extra = section.only(_CASE_KEYS)
    exception = section.optional_section("observed_exception")
    soundness = section.optional_section("soundness")
    return Case(
        id=section.rule_id,
        outcome=section.choice("outcome", Outcome),
        emission_channel=section.choice("emission_channel", Channel),
        observed_messages=section.texts("observed_messages"),
        observed_silent_normalisations=_read_changes(section.optional_section("observed_silent_normalisations")),
        observed_exception=None if exception is None else _read_exception(exception),
        positive_confirmed=section.optional_flag("positive_confirmed"),
        message_confirmed=section.optional_flag("message_confirmed"),
        negative_confirmed=section.optional_flag("negative_confirmed"),
        soundness=None if soundness is None else _read_soundness(soundness),
        certification=section.optional_choice("certification", Certification) or Certification.FULL,
        environment_kind=section.optional_choice("environment_kind", EnvironmentKind),
        skipped_reason=section.optional_text("skipped_reason"),
        fingerprint=section.optional_text("fingerprint"),
        extra=extra,
    )


def _read_changes(section: Section | None) -> dict[str, Change]:
    if section is None:
        return {}
    changes = {}
    for name, entry in section.data.items():
        change = section.part(name, entry)
        change.only(("declared", "observed"))
        changes[name] = Change(
            change.value(change.data.get("declared"), "declared"), change.value(change.data.get("observed"), "observed")
        )
    return changes


def _read_exception(section: Section) -> ObservedException:
    section.only(("type", "message", "locations", "raised_at", "bases"))
    message = section.data.get("message")
    return ObservedException(
        type=section.text("type"),
        message="" if message == "" else section.text("message"),
        locations=section.texts("locations"),
        raised_at=section.optional_text("raised_at"),
        bases=section.texts("bases"),
    )


def _read_soundness(section: Section) -> Soundness:
    section.only(("probes", "agreed", "overbroad", "underbroad"))
    probes, agreed = section.integer("probes"), section.integer("agreed")
    if agreed > probes:
        section.fail(f"{agreed} of {probes} probes agree, which is impossible", "agreed", fix="run the replay again")
    return Soundness(probes, agreed, _examples(section, "overbroad"), _examples(section, "underbroad"))


def _examples(section: Section, key: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(section.value(dict(part.data), *part.at[len(section.at) :]) for part in section.parts(key))


def read_divergence(section: Section) -> Divergence:
    section.rule_id = section.text("invariant_id")
    section.only(("invariant_id", "check_failed", "field", "expected", "observed"))
    return Divergence(
        invariant_id=section.rule_id,
        check_failed=section.choice("check_failed", CheckFailed),
        field=section.optional_text("field"),
        expected=section.optional_text("expected") or "",
        observed=section.optional_text("observed") or "",
    )


def read_environment(section: Section) -> Environment:
    section.only(("kind", "image_ref", "python", "platform", "versions"))
    versions = section.optional_section("versions")
    return Environment(
        kind=section.choice("kind", EnvironmentKind),
        image_ref=section.optional_text("image_ref"),
        python=section.text("python"),
        platform=section.text("platform"),
        versions={} if versions is None else {name: versions.text(name) for name in versions.data},
    )


def case_to_data(case: Case) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": case.id,
        "outcome": str(case.outcome),
        "emission_channel": str(case.emission_channel),
        "observed_messages": list(case.observed_messages),
        "observed_silent_normalisations": {
            name: {"declared": value_to_data(change.declared), "observed": value_to_data(change.observed)}
            for name, change in sorted(case.observed_silent_normalisations.items())
        },
        "observed_exception": None if case.observed_exception is None else _exception_to_data(case.observed_exception),
    }
    data = {key: value for key, value in data.items() if value}
    data |= {
        "positive_confirmed": case.positive_confirmed,
        "message_confirmed": case.message_confirmed,
        "negative_confirmed": case.negative_confirmed,
    }
    if case.soundness is not None:
        data["soundness"] = _soundness_to_data(case.soundness)
    data["certification"] = str(case.certification)
    if case.environment_kind is not None:
        data["environment_kind"] = str(case.environment_kind)
    if case.skipped_reason is not None:
        data["skipped_reason"] = case.skipped_reason
    if case.fingerprint is not None:
        data["fingerprint"] = case.fingerprint
    return data | dict(sorted(case.extra.items()))


def _exception_to_data(exception: ObservedException) -> dict[str, Any]:
    data: dict[str, Any] = {"type": exception.type, "message": exception.message}
    if exception.locations:
        data["locations"] = list(exception.locations)
    if exception.raised_at is not None:
        data["raised_at"] = exception.raised_at
    if exception.bases:
        data["bases"] = list(exception.bases)
    return data


def _soundness_to_data(soundness: Soundness) -> dict[str, Any]:
    data: dict[str, Any] = {"probes": soundness.probes, "agreed": soundness.agreed}
    if soundness.overbroad:
        data["overbroad"] = [value_to_data(example) for example in soundness.overbroad]
    if soundness.underbroad:
        data["underbroad"] = [value_to_data(example) for example in soundness.underbroad]
    return data


def divergences_to_data(divergences: Iterable[Divergence]) -> list[dict[str, Any]]:
    return [
        {
            "invariant_id": divergence.invariant_id,
            "check_failed": str(divergence.check_failed),
            "field": divergence.field,
            "expected": divergence.expected,
            "observed": divergence.observed,
        }
        for divergence in divergences
    ]


def environment_to_data(environment: Environment) -> dict[str, Any]:
    return {
        "kind": str(environment.kind),
        "image_ref": environment.image_ref,
        "python": environment.python,
        "platform": environment.platform,
        "versions": dict(sorted(environment.versions.items())),
    }
