"""OpenAI's own description of its HTTP API as validators: what it does not allow is an error of whoever sent it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DESCRIPTION = Path(__file__).parents[3] / "shared" / "data" / "openai" / "openapi.json"
_ADDRESS = "urn:openai"


def needs_description() -> None:
    """Skip the test where the description is missing."""
    if not DESCRIPTION.is_file():
        pytest.skip("the description of OpenAI's API is missing: ../shared/data/openai/openapi.json")


@cache
def _registry() -> Any:
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    document = _plain(json.loads(DESCRIPTION.read_text(encoding="utf-8")))
    return Registry().with_resource(_ADDRESS, Resource.from_contents(document, default_specification=DRAFT202012))


def _plain(node: Any) -> Any:
    """The same schema without `nullable`, which JSON Schema does not know."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _plain(value) for name, value in node.items() if name != "nullable"}
    return {"anyOf": [kept, {"type": "null"}]} if node.get("nullable") is True else kept


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": f"{_ADDRESS}#/components/schemas/{name}"}, registry=_registry())


@cache
def _fields(name: str) -> frozenset[str]:
    schemas = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["components"]["schemas"]

    def fields(schema: dict[str, Any]) -> set[str]:
        if "$ref" in schema:
            return fields(schemas[schema["$ref"].rsplit("/", 1)[-1]])
        return set(schema.get("properties", ())) | {f for part in schema.get("allOf", ()) for f in fields(part)}

    return frozenset(fields(schemas[name]))


def faults(name: str, value: Any, *, only_known: bool = False) -> list[str]:
    """Where a value breaks the schema of this name; `only_known` also counts fields that the schema does not have."""
    from jsonschema import ValidationError
    from jsonschema.exceptions import best_match

    found: ValidationError | None = best_match(_validator(name).iter_errors(value))
    told = [] if found is None else [f"{name}: {found.json_path}: {found.message[:300]}"]
    if only_known and isinstance(value, dict):
        told += [f"{name}: there is no field {field!r}" for field in sorted(set(value) - _fields(name))]
    return told
