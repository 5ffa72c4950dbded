"""How routing calls the lines: only channels of one PBX can be joined, so each PBX has its own."""

from __future__ import annotations

from callcenter.domain.call import Call
from callcenter.domain.ids import CampaignId, PbxName, QueueId


def line_of(pbx: PbxName, queue: QueueId) -> QueueId:
    """A queue as routing sees it."""
    return f"{pbx}/{queue}"


def campaign_line(pbx: PbxName, campaign: CampaignId) -> QueueId:
    """The people whom a campaign has dialed, and the agents whose lines are open for them."""
    return f"{pbx}/campaign:{campaign}"


def line_of_call(call: Call) -> QueueId:
    """The line that this call waits in."""
    if call.campaign:
        return campaign_line(call.channel.pbx, call.campaign)
    return line_of(call.channel.pbx, call.queue)
