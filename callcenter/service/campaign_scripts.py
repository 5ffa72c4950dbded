"""What agents say in each campaign."""

from __future__ import annotations

from typing import Protocol

from callcenter.domain.ids import CampaignId


class CampaignScripts(Protocol):
    """The scripts of all campaigns, and what they may name of contacts.

    They are no part of the machine's settings: no decision reads them, and they would go with
    every frame that tells of a campaign.
    """

    async def script(self, campaign: CampaignId) -> str:
        """Its script; empty: none."""
        ...

    async def put_script(self, campaign: CampaignId, text: str) -> None:
        """Have it from the next card on; empty: none any more."""
        ...

    async def columns(self, campaign: CampaignId) -> tuple[str, ...]:
        """The columns of its lists that are shown to agents under their own names, by name."""
        ...
