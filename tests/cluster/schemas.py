"""Schemas for kubeconform, made from what an API server says of itself: nothing is downloaded, and the version is the one that runs."""

import json

SCHEMAS = "{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json"


def strict(schema):
    """As published schemas do it for `-strict`: what is not described may not be there."""
    out = {key: value for key, value in schema.items() if key != "format"}  # int32 and others, which JSON Schema does not know.
    for key in ("items", "additionalProperties"):
        if isinstance(out.get(key), dict):
            out[key] = strict(out[key])
    if "properties" in out:
        out["properties"] = {name: strict(value) for name, value in out["properties"].items()}
        out.setdefault("additionalProperties", bool(out.get("x-kubernetes-preserve-unknown-fields")))
    if out.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        out.pop("type", None)
        out["oneOf"] = [{"type": "string"}, {"type": "integer"}]
    return out


def write(openapi, folder):
    """One file for each kind in the OpenAPI document (version 2); returns the value of -schema-location."""
    definitions = {name: strict(schema) for name, schema in openapi["definitions"].items()}
    # A quantity may be written as a number, whatever the description says.
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"oneOf": [{"type": "string"}, {"type": "number"}]}
    (folder / "definitions.json").write_text(json.dumps({"definitions": definitions}))
    for name, schema in definitions.items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            # kubeconform takes the version for the group of kinds that have none.
            file = f"{kind['kind'].lower()}-{kind['group'] or kind['version']}-{kind['version']}.json"
            (folder / file).write_text(json.dumps({"$ref": f"definitions.json#/definitions/{name}"}))
    return str(folder / SCHEMAS)
