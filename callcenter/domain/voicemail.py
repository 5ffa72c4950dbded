"""A message that a caller has left."""

from __future__ import annotations

from msgspec import Struct

from callcenter.domain.customer import Tier
from callcenter.domain.ids import CallId, CustomerId, QueueId


def file_of(call: CallId) -> str:
    """The name of the file that the message of this call is recorded into."""
    return f"{call}.wav"


class VoicemailLeft(Struct, frozen=True, omit_defaults=True):
    """Left by a caller whom nobody answered, and not dealt with yet."""

    call: CallId
    queue: QueueId
    """Which it had waited in."""
    file: str
    """Its name in the center's folder of voicemails."""
    left_at: float
    """When the recording began, UTC seconds."""
    seconds: float
    """How long it is; about, where the PBX was out of sight at its end."""
    caller_number: str = ""
    """E.164 where it could be told; empty when withheld."""
    customer: CustomerId = ""
    tier: Tier = Tier.STANDARD
