"""Bridges of the simulated PBX as data: holding bridges by name, and bridges of two."""

from __future__ import annotations

from callcenter.simulator.channel import Channel
from callcenter.simulator.messages import Message


class Bridge:
    """A place where channels meet. ``members`` keeps the order of entering."""

    def __init__(self, bridge_id: str, kind: str, technology: str, creator: str, name: str) -> None:
        self.id = bridge_id
        self.kind = kind
        """BridgeType: ``base`` for holding bridges, ``basic`` for conversations."""
        self.technology = technology
        self.creator = creator
        self.name = name
        self.members: dict[str, Channel] = {}

    @property
    def is_holding(self) -> bool:
        """Whether channels wait here without hearing each other."""
        return self.technology == "holding_bridge"

    def describe(self) -> Message:
        """The block of headers by which every event names a bridge."""
        return [
            ("BridgeUniqueid", self.id),
            ("BridgeType", self.kind),
            ("BridgeTechnology", self.technology),
            ("BridgeCreator", self.creator or "<unknown>"),
            ("BridgeName", self.name or "<unknown>"),
            ("BridgeNumChannels", str(len(self.members))),
            ("BridgeVideoSourceMode", "none"),
        ]
