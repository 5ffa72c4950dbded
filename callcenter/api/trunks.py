"""Trunks: what campaigns may dial on. They stand in the config file."""

from __future__ import annotations

from msgspec import Struct

from callcenter.api.route import OVERSEERS, Exchange, route
from callcenter.domain.ids import PbxName


class PbxTrunks(Struct, frozen=True):
    """The trunks of one PBX."""

    name: PbxName
    trunks: tuple[str, ...]


class Trunks(Struct, frozen=True):
    """The trunks of all PBXs."""

    pbxs: tuple[PbxTrunks, ...]


@route("GET", "/trunks", roles=OVERSEERS, summary="All trunks")
async def trunks(exchange: Exchange) -> Trunks:
    """Every PBX with its trunks, as the config file names them."""
    known = exchange.services.trunks
    return Trunks(tuple(PbxTrunks(pbx, tuple(names)) for pbx, names in known.items()))
