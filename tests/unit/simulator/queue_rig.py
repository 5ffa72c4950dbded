"""A simulated PBX whose native queue has members, and no living service."""

from __future__ import annotations

from callcenter.simulator.messages import get
from callcenter.simulator.native_queue import QueueSettings
from tests.unit.simulator.rig import Rig

QUEUE = QueueSettings(ring_timeout_s=5.0, wrapup_s=1.0)


def make_rig(*members: str) -> Rig:
    """A PBX without a living service, these phones in its queue."""
    rig = Rig(queue=QUEUE)
    for phone in members:
        add(rig, phone)
    return rig


def add(rig: Rig, phone: str) -> str:
    """Make a phone a member; returns the answer."""
    response = rig.act(
        "QueueAdd", Queue="cc-fallback", Interface=f"PJSIP/{phone}", MemberName=f"agent-{phone}"
    )
    return get(response, "Message")


def remove(rig: Rig, phone: str) -> str:
    """Take a member out; returns the answer."""
    response = rig.act("QueueRemove", Queue="cc-fallback", Interface=f"PJSIP/{phone}")
    return get(response, "Message")


def pick_up(rig: Rig, phone: str = "1001") -> str:
    """The phone rings and is answered; returns its channel."""
    leg = rig.invites[phone]
    rig.pbx.phone_rings(leg, rig.now)
    rig.run(0.1)
    assert rig.pbx.phone_answers(leg, rig.now)
    rig.run(0.1)
    return leg
