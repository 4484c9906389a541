"""Refusals in words: what the door says to each code, with which HTTP status.

A module of the door keeps a table of the codes its hall may give. `accepted`
takes the outcome of a command apart: what was decided goes on, what was refused
leaves as a problem in the reader's language.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from serai.kernel.errors import Refused

R = TypeVar("R")


class Says(Struct, frozen=True):
    """What is said to a refusal. Title and detail are messages for `i18n.say`.

    404 for what is not there or not the caller's to see, 409 for a state that
    does not allow it now, 422 for what can never be right as it was sent.
    """

    status: int
    title: str
    detail: str


class DeclinedError(Exception):
    """A request that ends here: the refusal, and headers that go with the answer."""

    def __init__(self, refused: Refused, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(refused.code)
        self.refused = refused
        self.headers = dict(headers or {})


class FieldError(Struct, frozen=True):
    """One thing that is wrong: where it stands (a JSON pointer), why, and a stable code."""

    field: str
    code: str
    reason: str
    """A message for `i18n.say`; the answer has it in the reader's language."""
    facts: dict[str, Any] = {}


class WrongFieldsError(Exception):
    """A request whose fields are wrong: all of them, in the order of the request."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(", ".join(f"{error.field}: {error.code}" for error in errors))
        self.errors = errors


def accepted(outcome: R | Refused) -> R:
    """Give the outcome of a command that was done; a refusal is raised as `DeclinedError`."""
    if isinstance(outcome, Refused):
        raise DeclinedError(outcome)
    return outcome


def decline(code: str, headers: Mapping[str, str] | None = None, **facts: Any) -> DeclinedError:  # noqa: ANN401
    """Make a refusal of the door's own, to be raised."""
    return DeclinedError(Refused(code, facts), headers)


def gather(tables: Iterable[Mapping[str, Says]]) -> dict[str, Says]:
    """Put the modules' tables together; one code with two meanings is a bug."""
    every: dict[str, Says] = {}
    for table in tables:
        for code, says in table.items():
            if every.setdefault(str(code), says) != says:
                raise ValueError(f"two modules say different things to the refusal {code!r}")
    return every


DOOR: dict[str, Says] = {
    "id_reused": Says(
        422,
        "This Idempotency-Key stands for another request",
        "The key was used before with another body. To repeat that request, send what was"
        " sent then; for a new one, choose a new key.",
    ),
    "idempotency_key_missing": Says(
        400,
        "An Idempotency-Key is missing",
        "Send the header Idempotency-Key with a value of your own, such as a UUID. If the"
        " answer is lost, send the same request with the same key: it is never done twice.",
    ),
    "invalid_fields": Says(
        422, "Some of what was sent is wrong", "Every wrong field is listed under errors."
    ),
    "not_json": Says(400, "This is not JSON", "{reason} at byte {byte}."),
    "not_utf8": Says(400, "This is not UTF-8", "The text is broken at byte {byte}."),
    "too_deep": Says(
        400, "This is nested too deep", "Arrays and objects may be nested {depth} deep."
    ),
    "body_missing": Says(400, "The body is missing", "Send a JSON object."),
    "bad_request": Says(400, "This request cannot be read", "{reason}"),
    "unauthenticated": Says(
        401,
        "Who are you?",
        "Send the header Authorization: Bearer followed by a session or API token. Sign in at"
        " /api/v1/sessions to get one.",
    ),
    "token_invalid": Says(
        401, "This token is not valid", "It is forged, expired or was revoked. Sign in again."
    ),
    "role_missing": Says(
        403, "This is not yours to do", "It takes the role {role}, which you do not have."
    ),
    "scope_missing": Says(
        403,
        "This token may not do that",
        "It takes the scope {scope}. Make a token that has it, or sign in.",
    ),
    "not_found": Says(
        404, "There is nothing here", "It does not exist, or it is not yours to see."
    ),
    "declined": Says(409, "This was declined", "It cannot be done as things stand."),
    "market_unknown": Says(404, "No such market", "No market of that name is kept here."),
    "method_not_allowed": Says(
        405, "Not done here", "The methods of this address are in the header Allow."
    ),
    "not_acceptable": Says(
        406, "That form is not spoken here", "Answers are application/json, in UTF-8."
    ),
    "too_large": Says(413, "This is too large", "The body may have {limit:number} bytes."),
    "media_type": Says(
        415, "This form is not read here", "Send Content-Type: application/json, in UTF-8."
    ),
    "too_many_requests": Says(
        429, "Too many requests", "Wait {seconds:number} seconds, then go on slower."
    ),
    "internal": Says(
        500,
        "Something broke on our side",
        "It is our fault and it was noted as request {request}. If you had sent an"
        " Idempotency-Key, send the same again: it is never done twice.",
    ),
    "overloaded": Says(
        503, "Too busy right now", "Nothing was done. Try again in {seconds:number} seconds."
    ),
    "sold_out_just_now": Says(
        503,
        "Sold out a moment ago",
        "So many want it that this request was not decided: nothing was done. Send the same again"
        " in {seconds:number} seconds.",
    ),
    "outcome_unknown": Says(
        503,
        "We lost sight of your request",
        "It may or may not have been done. Send the same request with the same"
        " Idempotency-Key: the answer tells which, and it is never done twice.",
    ),
    "unavailable": Says(
        503, "The market cannot be reached right now", "Try again in {seconds:number} seconds."
    ),
}
"""What the door itself refuses, whatever the resource."""
