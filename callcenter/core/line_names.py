"""How routing calls the lines: only channels of one PBX can be joined, so each PBX has its own."""

from __future__ import annotations

from callcenter.domain.call import Call
from callcenter.domain.ids import AgentId, CampaignId, PbxName, QueueId


def line_of(pbx: PbxName, queue: QueueId) -> QueueId:
    """A queue as routing sees it."""
    return f"{pbx}/{queue}"


def campaign_line(pbx: PbxName, campaign: CampaignId) -> QueueId:
    """The people whom a campaign has dialed or who call it back, and the agents whose lines are
    open for them."""
    return f"{pbx}/campaign:{campaign}"


def own_line(pbx: PbxName, agent: AgentId) -> QueueId:
    """The person whom this agent has dialed in preview, and nobody else: no other agent may take
    that person, and the agent no other."""
    return f"{pbx}/dialed-by:{agent}"


def line_of_call(call: Call) -> QueueId:
    """The line that this call waits in."""
    if call.reserved:
        return own_line(call.channel.pbx, call.reserved)
    if call.waits_for:
        return campaign_line(call.channel.pbx, call.waits_for)
    return line_of(call.channel.pbx, call.queue)
