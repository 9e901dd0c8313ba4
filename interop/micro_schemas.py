"""What the answers to PING, INFO and STATS have to be, as JSON schemas: the rules of ADR-32, which tools go by.

Nothing but what is named here may be in them, so a misspelt member is an error too.
"""

from jsonschema import Draft202012Validator

NAME = {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$"}
# By semver.org: numbers without leading zeros, then a pre-release, then a build.
NUMBER = r"(0|[1-9][0-9]*)"
PART = r"(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
BUILD = r"[0-9a-zA-Z-]+"
VERSION = {
    "type": "string",
    "pattern": rf"^{NUMBER}\.{NUMBER}\.{NUMBER}(-{PART}(\.{PART})*)?(\+{BUILD}(\.{BUILD})*)?$",
}
STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
COUNT = {"type": "integer", "minimum": 0}
SUBJECT = {"type": "string", "pattern": r"^[^\s]+$"}
# RFC 3339, in UTC.
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"}


def whole(required, optional=None):
    """An object that has these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def answer(kind, **more):
    standard = {
        "type": {"const": f"io.nats.micro.v1.{kind}_response"},
        "name": NAME,
        "id": {"type": "string", "minLength": 1},
        "version": VERSION,
        "metadata": STRINGS,
    }
    return whole({**standard, **more})


ENDPOINT_INFO = whole({"name": NAME, "subject": SUBJECT, "queue_group": {"type": "string"}, "metadata": STRINGS})
ENDPOINT_STATS = whole(
    {
        "name": NAME,
        "subject": SUBJECT,
        "queue_group": {"type": "string"},
        "num_requests": COUNT,
        "num_errors": COUNT,
        "last_error": {"type": "string"},
        "processing_time": COUNT,
        "average_processing_time": COUNT,
    },
    {"data": {"type": "object"}},
)

SCHEMAS = {
    "PING": answer("ping"),
    "INFO": answer(
        "info", description={"type": "string"}, endpoints={"type": "array", "items": ENDPOINT_INFO}
    ),
    "STATS": answer("stats", started=TIME, endpoints={"type": "array", "items": ENDPOINT_STATS}),
}
for schema in SCHEMAS.values():
    Draft202012Validator.check_schema(schema)


def check(verb, value):
    """Raises an error where the answer is not what it has to be."""
    Draft202012Validator(SCHEMAS[verb]).validate(value)
