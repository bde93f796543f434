"""Checks JSON against the part of JSON Schema that api/openapi.yaml uses. An unknown keyword is an error: nothing is skipped in silence."""

import re

IGNORED = {"description", "format", "title", "default", "examples"}


class Checker:
    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        while "$ref" in node:
            at = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            node = at
        return node

    def errors(self, schema, value, place=""):
        """Sentences about what does not fit; an empty list when all does."""
        schema = self.resolve(schema)
        found = []
        for keyword, wanted in schema.items():
            if keyword in IGNORED:
                continue
            check = getattr(self, "check_" + keyword.replace("$", ""), None)
            if check is None:
                raise NotImplementedError(f"schema keyword '{keyword}' at {place or '/'}: teach it to tests/e2e/schema.py")
            found += check(wanted, value, place, schema)
        return found

    def check_type(self, wanted, value, place, _):
        names = [wanted] if isinstance(wanted, str) else wanted
        return [] if any(is_of(name, value) for name in names) else [f"{place or '/'}: {value!r} is not of type {wanted}"]

    def check_enum(self, wanted, value, place, _):
        return [] if value in wanted else [f"{place}: {value!r} is not one of {wanted}"]

    def check_const(self, wanted, value, place, _):
        return [] if value == wanted else [f"{place}: {value!r} is not {wanted!r}"]

    def check_pattern(self, wanted, value, place, _):
        return [] if not isinstance(value, str) or re.search(wanted, value) else [f"{place}: {value!r} does not match {wanted}"]

    def check_minimum(self, wanted, value, place, _):
        return [f"{place}: {value} < {wanted}"] if isinstance(value, (int, float)) and value < wanted else []

    def check_maximum(self, wanted, value, place, _):
        return [f"{place}: {value} > {wanted}"] if isinstance(value, (int, float)) and value > wanted else []

    def check_minLength(self, wanted, value, place, _):
        return [f"{place}: shorter than {wanted}"] if isinstance(value, str) and len(value) < wanted else []

    def check_maxLength(self, wanted, value, place, _):
        return [f"{place}: longer than {wanted}"] if isinstance(value, str) and len(value) > wanted else []

    def check_maxItems(self, wanted, value, place, _):
        return [f"{place}: more than {wanted}"] if isinstance(value, list) and len(value) > wanted else []

    def check_required(self, wanted, value, place, _):
        return [f"{place}: '{name}' is missing" for name in wanted if isinstance(value, dict) and name not in value]

    def check_properties(self, wanted, value, place, schema):
        if not isinstance(value, dict):
            return []
        found = [error for name in value if name in wanted for error in self.errors(wanted[name], value[name], f"{place}/{name}")]
        # A reply with a member that the document does not know is a document that is behind.
        if "additionalProperties" not in schema:
            found += [f"{place}/{name}: not in the document" for name in value if name not in wanted]
        return found

    def check_additionalProperties(self, wanted, value, place, schema):
        if not isinstance(value, dict):
            return []
        extra = [name for name in value if name not in schema.get("properties", {})]
        if wanted is False:
            return [f"{place}/{name}: not allowed" for name in extra]
        return [error for name in extra for error in self.errors(wanted, value[name], f"{place}/{name}")] if isinstance(wanted, dict) else []

    def check_items(self, wanted, value, place, _):
        return [e for n, item in enumerate(value) for e in self.errors(wanted, item, f"{place}/{n}")] if isinstance(value, list) else []

    def check_oneOf(self, wanted, value, place, _):
        outcomes = [self.errors(schema, value, place) for schema in wanted]
        return [] if sum(not errors for errors in outcomes) == 1 else [f"{place}: fits not exactly one of the alternatives: {outcomes}"]


def is_of(name, value):
    if isinstance(value, bool):
        return name == "boolean"
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
    return name in kinds and isinstance(value, kinds[name])
