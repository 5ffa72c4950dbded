"""Whether the machine's state and the PBX tell the same, where nothing is under way."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter.core.state import State
from callcenter.domain.attempt import AttemptState
from callcenter.domain.call import Call, CallState, Place
from callcenter.domain.events import ChannelTruth, PbxStateRead
from callcenter.domain.ids import ATTEMPT_PREFIX, LEG_PREFIX, ChannelRef

APART: dict[CallState, tuple[Place, ...]] = {
    CallState.IN_IVR: (Place.HOLD, Place.BRIDGE, Place.NATIVE_QUEUE),
    CallState.WAITING: (Place.BRIDGE, Place.NATIVE_QUEUE, Place.MENU),
    CallState.CONNECTED: (Place.HOLD, Place.MENU, Place.NATIVE_QUEUE),
}
"""Where a caller in this state is not."""


def find_disagreement(state: State, read: PbxStateRead) -> list[str]:
    """What differs, one sentence each; some of it may only be under way."""
    truth = {seen.channel: seen for seen in read.channels}
    return [*_unknown(state, read), *_gone(state, truth), *_misplaced(state, truth)]


def _unknown(state: State, read: PbxStateRead) -> Iterator[str]:
    for seen in read.channels:
        channel = seen.channel
        if channel.id.startswith(LEG_PREFIX):
            leg = state.legs.get(channel)
            if leg is None or not (leg.call or leg.nailed):
                yield f"leg {channel} is in the PBX, and nobody wants it"
        elif channel.id.startswith(ATTEMPT_PREFIX):
            if channel.id not in state.attempts:
                yield f"attempt {channel} is in the PBX, and nobody knows it"
        elif seen.role == "caller" and state.call_of.get(channel) is None:
            yield f"caller {channel} is in the PBX, and nobody knows them"


def _gone(state: State, truth: dict[ChannelRef, ChannelTruth]) -> Iterator[str]:
    for call in state.calls.values():
        if call.channel not in truth:
            yield f"call {call.id} ({call.state}) is not in the PBX"
    for leg in state.legs.values():
        if leg.created and leg.channel not in truth:
            yield f"leg {leg.channel} is not in the PBX"
    for attempt in state.attempts.values():
        is_there = attempt.created and attempt.state is not AttemptState.HELD
        if is_there and attempt.channel not in truth:
            yield f"attempt {attempt.id} ({attempt.state}) is not in the PBX"


def _misplaced(state: State, truth: dict[ChannelRef, ChannelTruth]) -> Iterator[str]:
    for call in state.calls.values():
        seen = truth.get(call.channel)
        if seen is None or call.ending:
            continue
        if seen.place in APART.get(call.state, ()):
            yield f"call {call.id} ({call.state}) is in {seen.place}"
        if call.state is CallState.CONNECTED and _is_alone(call, seen, truth):
            yield f"call {call.id} talks with nobody"


def _is_alone(call: Call, seen: ChannelTruth, truth: dict[ChannelRef, ChannelTruth]) -> bool:
    others = (t for t in truth.values() if t.bridge == seen.bridge and t.channel != call.channel)
    return seen.place is Place.BRIDGE and not any(others)
