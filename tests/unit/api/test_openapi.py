"""The OpenAPI document."""

from __future__ import annotations

import dataclasses

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from callcenter.api.app import api_document
from callcenter.api.campaigns import XLSX
from callcenter.api.openapi import document
from callcenter.api.route import TABLE, Body
from tests.unit.api.fakes import Center


def test_the_document_is_valid_openapi_3_1() -> None:
    validate(api_document(), cls=OpenAPIV31SpecValidator)


def test_every_route_is_described_with_its_roles_and_problems() -> None:
    paths = api_document()["paths"]

    for route in TABLE.values():
        operation = paths[route.path][route.method.lower()]
        assert operation["summary"]
        assert operation["description"]
        assert operation["x-roles"] == list(route.roles)
        assert "default" in operation["responses"]
        assert ("401" in operation["responses"]) == bool(route.roles or "session" in route.path)
        assert bool(operation["security"]) == bool(route.roles)
        takes = route.body is not None or route.upload is not None
        assert ("requestBody" in operation) == takes


def test_names_of_operations_are_unique() -> None:
    operations = [
        operation["operationId"]
        for path in api_document()["paths"].values()
        for operation in path.values()
    ]

    assert len(set(operations)) == len(operations)
    assert "post_agents_me_ready" in operations


def test_queries_are_parameters() -> None:
    parameters = api_document()["paths"]["/api/v1/calls"]["get"]["parameters"]

    assert [parameter["name"] for parameter in parameters] == ["limit", "cursor", "queue", "state"]
    assert parameters[0]["schema"]["maximum"] == 500


def test_a_file_is_described_by_its_kind_and_size() -> None:
    operation = api_document()["paths"]["/api/v1/campaigns/{campaign}/contacts"]["post"]

    assert list(operation["requestBody"]["content"]) == ["text/csv", XLSX]
    assert "200 MB" in operation["requestBody"]["description"]
    assert {"408", "413", "415", "422"} <= set(operation["responses"])


def test_an_answer_says_which_fields_are_always_there() -> None:
    schemas = api_document()["components"]["schemas"]

    assert "token" in schemas["Me"]["required"]  # it has a default, and is sent all the same
    assert "campaign" not in schemas["CallRecord"]["required"]  # records leave defaults out
    assert "bearer" not in schemas["SignIn"]["required"]  # clients may leave it out


def test_two_schemas_of_one_name_are_refused() -> None:
    class Me(Body):
        """Not the Me of the session."""

        x: int

    row = dataclasses.replace(
        TABLE["POST", "/api/v1/agents/me/ready"], body=Me, answer=TABLE["GET", "/api/v1/me"].answer
    )

    with pytest.raises(ValueError, match="two schemas are named Me"):
        document([row], "1")


async def test_the_document_is_served_to_everybody() -> None:
    async with Center().serve() as caller:
        answer = await caller.send("GET", "/api/v1/openapi.json")

    assert answer.status == 200
    assert answer.body["openapi"] == "3.1.0"
    assert answer.body == api_document()
