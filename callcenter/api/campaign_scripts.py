"""What agents say in a campaign: checked, kept beside its settings, and what it may name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from msgspec import Struct

from callcenter.api.errors import FieldError, ProblemError, unavailable
from callcenter.api.route import OVERSEERS, Exchange, route
from callcenter.core.campaign_queries import campaign_view
from callcenter.documents.campaign_script import (
    SCRIPT_FIELDS,
    explain_unknown,
    unknown_placeholders,
)
from callcenter.domain.ids import CampaignId
from callcenter.service.campaign_scripts import CampaignScripts

_LOG = structlog.get_logger("callcenter.api")


class Placeholders(Struct, frozen=True):
    """What a script may have in braces."""

    fields: tuple[str, ...]
    """What every campaign has."""
    columns: tuple[str, ...]
    """What the lists of this one have besides; none before the first import."""


@route(
    "GET",
    "/campaigns/{campaign}/placeholders",
    roles=OVERSEERS,
    summary="What a campaign's script may name",
    problems=("not-found", "unavailable"),
)
async def script_placeholders(exchange: Exchange) -> Placeholders:
    """The names that may stand in braces in the campaign's script, to be replaced by what the card
    of the person on the line has."""
    name = exchange.path["campaign"]
    if campaign_view(exchange.services.hub.state, name) is None:
        raise ProblemError("not-found", f"There is no campaign {name}.")
    scripts = exchange.services.campaign_scripts
    with _told():
        columns = () if scripts is None else await scripts.columns(name)
    return Placeholders(SCRIPT_FIELDS, columns)


async def read_script(exchange: Exchange, campaign: CampaignId) -> str:
    """The campaign's script; empty: none."""
    scripts = exchange.services.campaign_scripts
    if scripts is None:
        return ""
    with _told():
        return await scripts.script(campaign)


async def is_new_script(exchange: Exchange, campaign: CampaignId, text: str) -> bool:
    """Whether this text is another than the campaign has.

    Refused is one that names what there is not. One that stays is not looked at again: columns may
    have gone with their list, and the other settings can be changed all the same.
    """
    scripts = exchange.services.campaign_scripts
    if scripts is None:
        if text:
            raise unavailable("This center keeps no scripts. Leave the script out.")
        return False
    with _told():
        if await scripts.script(campaign) == text:
            return False
        if unknown_placeholders(text, ()):
            columns = await scripts.columns(campaign)
            if unknown := unknown_placeholders(text, columns):
                said = explain_unknown(unknown, columns)
                raise ProblemError(
                    "invalid",
                    f"Wrong in the script: {said}.",
                    errors=[FieldError("body.script", said)],
                )
    return True


async def put_script(exchange: Exchange, campaign: CampaignId, text: str) -> None:
    """Have agents say this from the next card on."""
    scripts: CampaignScripts | None = exchange.services.campaign_scripts
    if scripts is not None:
        try:
            await scripts.put_script(campaign, text)
        except Exception as error:  # noqa: BLE001 - any failure of any store
            _LOG.warning("script_not_saved", campaign=campaign, error=repr(error))
            raise unavailable(
                "The database does not answer: the settings hold, the script is as before."
                " Save once more in a moment."
            ) from None


@contextmanager
def _told() -> Iterator[None]:
    """A database that is away is a problem of its own, before anything has changed."""
    try:
        yield
    except ProblemError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure of any store
        _LOG.warning("scripts_not_read", error=repr(error))
        raise unavailable(
            "The campaign's script cannot be reached: the database does not answer. Nothing was"
            " changed; try again in a moment."
        ) from None
