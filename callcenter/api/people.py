"""People who ask to be forgotten."""

from __future__ import annotations

from typing import Annotated

import structlog
from msgspec import Struct
from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from callcenter.api.errors import ProblemError, unavailable
from callcenter.api.route import PRINTABLE, Body, Exchange, route
from callcenter.service.erasure import ErasureRefused
from callcenter.service.ports import Role

ERASE_DEADLINE_S = 900.0
"""A large SQLite file is written anew: some 50 MB a second."""

_LOG = structlog.get_logger("callcenter.api")


class ErasePerson(Body):
    """Who is to be forgotten: one of both."""

    number: Annotated[SecretStr, Field(max_length=32)] = SecretStr("")
    """A telephone number of the person. It is not audited."""
    customer: Annotated[str, StringConstraints(max_length=64, pattern=PRINTABLE)] = ""
    """The customer's id."""

    @field_validator("number")
    @classmethod
    def _has_digits(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not any(character.isdecimal() for character in text):
            raise PydanticCustomError("no_number", "this is no telephone number")
        return value

    @model_validator(mode="after")
    def _names_one(self) -> ErasePerson:
        if bool(self.number.get_secret_value()) == bool(self.customer):
            raise PydanticCustomError("one_of_both", "name a number or a customer, one of both")
        return self


class ErasedPerson(Struct, frozen=True):
    """How much was erased, in rows."""

    customers: int
    contacts: int
    calls: int
    """Records of calls that have lost their number."""
    attempts: int
    texts: int
    """Texts of audit, faults and repairs in which something was blotted out."""
    rejects: int
    """Rows of files with rejected rows."""
    voicemails: int
    """Messages left, with their recordings."""


@route(
    "POST",
    "/people/erase",
    roles=(Role.ADMINISTRATOR,),
    summary="Forget a person",
    problems=("conflict", "overloaded", "unavailable"),
    deadline_s=ERASE_DEADLINE_S,
)
async def erase_person(exchange: Exchange, body: ErasePerson) -> ErasedPerson:
    """Erase somebody from directory, lists, records, texts and journal. What reports count stays.

    Refused (409) while the person is on a call. Asked again, it does what is left to be done.
    Backups made before keep the person.
    """
    # The usual id has a digest of the body, from which a number can be found by trying all.
    exchange.request_id = f"{exchange.account.id}:{exchange.key}"
    erasure = exchange.services.erasure
    if erasure is None:
        raise unavailable("This center cannot erase people.")
    try:
        erased = await erasure.erase(
            number=body.number.get_secret_value(),
            customer=body.customer,
            request=exchange.request_id,
            by=exchange.account.id,
        )
    except ErasureRefused as refused:
        raise ProblemError("conflict", str(refused)) from None
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _LOG.warning("erasure_failed", error=type(error).__name__)
        raise unavailable(
            "Not everything could be erased: the database or the journal's disk did not answer."
            " Ask for it again in a moment."
        ) from None
    return ErasedPerson(**{name: getattr(erased, name) for name in ErasedPerson.__struct_fields__})
