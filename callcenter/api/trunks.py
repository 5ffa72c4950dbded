"""Trunks: what campaigns may dial on, and how they do; the numbers that campaigns show."""

from __future__ import annotations

from msgspec import Struct

from callcenter.api.route import OVERSEERS, Exchange, route
from callcenter.core.trunk_queries import (
    ShownNumber,
    TrunkView,
    shown_numbers_view,
    trunks_view,
)
from callcenter.domain.ids import PbxName


class PbxTrunks(Struct, frozen=True):
    """The trunks of one PBX."""

    name: PbxName
    trunks: tuple[str, ...]
    live: tuple[TrunkView, ...]
    """The same trunks, as they are now."""


class Trunks(Struct, frozen=True):
    """The trunks of all PBXs."""

    pbxs: tuple[PbxTrunks, ...]


class ShownNumbers(Struct, frozen=True):
    """All numbers that campaigns show."""

    numbers: tuple[ShownNumber, ...]


@route("GET", "/trunks", roles=OVERSEERS, summary="All trunks")
async def trunks(exchange: Exchange) -> Trunks:
    """Every PBX with its trunks, as the config file names them, and how each does now."""
    state, known = exchange.services.hub.state, exchange.services.trunks
    return Trunks(
        tuple(
            PbxTrunks(pbx, tuple(names), trunks_view(state, pbx, names))
            for pbx, names in known.items()
        )
    )


@route("GET", "/caller-ids", roles=OVERSEERS, summary="The numbers that campaigns show")
async def caller_ids(exchange: Exchange) -> ShownNumbers:
    """Each number with its answer rate, and why it rests if it does."""
    return ShownNumbers(shown_numbers_view(exchange.services.hub.state))
