"""Mistral's OpenAPI document as its own Python SDK carries it, which is generated from it: as JSON on stdout.

Method, path, bodies and answers are read from the SDK's source, their schemas from its models.
"""

import ast
import json
import re
import sys
import typing
from importlib.metadata import version
from pathlib import Path

import mistralai.client as sdk
from mistralai.client import models, types
from pydantic import TypeAdapter


def calls(node, name):
    """The calls of a function, or of a method, by its name."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            called = one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")
            if called == name:
                yield one


def answer_models(node):
    """What the answers of Mistral are read as; an error is no answer."""
    for call in calls(node, "unmarshal_json_response"):
        model = ast.unparse(call.args[0])
        if not model.startswith("errors."):
            yield model


def operations_of(tree):
    """One for each method of the SDK that sends a request; its asynchronous twin says the same."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for built in calls(function, "_build_request"):
            given = {keyword.arg: keyword.value for keyword in built.keywords}
            path = given["path"].value
            if not SPOKEN.match(path):
                continue
            streams = list(calls(function, "EventStream"))
            events = [model for stream in streams for model in answer_models(stream)]
            yield {
                "path": path,
                "method": given["method"].value.lower(),
                "bodies": [
                    (MEDIA[call.args[3].value], ast.unparse(call.args[4]))
                    for call in calls(function, "serialize_request_body")
                ],
                "application/json": [one for one in answer_models(function) if one not in events],
                "text/event-stream": events,
            }


SPOKEN = re.compile(
    r"/v1/(chat|fim|agents/completions|conversations|embeddings|moderations|classifications"
    r"|ocr|audio/(speech|transcriptions)|files|batch|models)"
)
MEDIA = {"json": "application/json", "multipart": "multipart/form-data"}
ANSWERS = ("application/json", "text/event-stream")


def adapter_of(expression):
    """Of a type as the source names it."""
    return TypeAdapter(eval(expression, {**vars(typing), **vars(types), "models": models}))


def document():
    folder = Path(sdk.__file__).parent
    trees = [ast.parse(module.read_text()) for module in sorted(folder.glob("*.py"))]
    operations = [operation for tree in trees for operation in operations_of(tree)]
    named = {model for one in operations for _, model in one["bodies"]}
    named |= {model for one in operations for media in ANSWERS for model in one[media]}
    # All at once, so that two models of one name stay two schemas.
    adapters = [(model, "validation", adapter_of(model)) for model in sorted(named)]
    schemas, shared = TypeAdapter.json_schemas(
        adapters, by_alias=True, ref_template="#/components/schemas/{model}"
    )
    paths = {}
    for one in operations:
        operation = {
            "responses": {
                "200": {
                    "description": "",
                    "content": {
                        media: {"schema": schemas[(one[media][0], "validation")]}
                        for media in ANSWERS
                        if one[media]
                    },
                }
            }
        }
        if one["bodies"]:
            content = {media: {"schema": schemas[(m, "validation")]} for media, m in one["bodies"]}
            operation["requestBody"] = {"content": content, "required": True}
        paths.setdefault(one["path"], {})[one["method"]] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mistral AI API", "version": version("mistralai")},
        "security": [{"ApiKey": []}],
        "paths": paths,
        "components": {
            "schemas": shared.get("$defs", {}),
            "securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}},
        },
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout)
