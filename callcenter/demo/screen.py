"""The sample center live in a terminal: queues, campaign, agents, calls; redrawn twice a second."""

from __future__ import annotations

import asyncio

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from callcenter.core.campaign_queries import CampaignView
from callcenter.core.queries import Board, board
from callcenter.demo.run import Demo, Watch
from callcenter.domain.agent import AgentState
from callcenter.domain.attempt import AttemptResult
from callcenter.domain.call import CallState

REDRAW_S = 0.5
CALLS_SHOWN = 10
RESULTS_SHOWN = (
    AttemptResult.CONNECTED,
    AttemptResult.DROPPED,
    AttemptResult.MACHINE,
    AttemptResult.BUSY,
    AttemptResult.NO_ANSWER,
)
"""The others are rare: the campaign's page has them all."""

AGENT_LOOK: dict[AgentState, tuple[str, str]] = {
    AgentState.SIGNED_OUT: ("bright_black", "○"),
    AgentState.NOT_READY: ("bright_black", "☕"),
    AgentState.READY: ("green", "●"),
    AgentState.RESERVED: ("yellow", "◔"),
    AgentState.RINGING: ("yellow", "♪"),
    AgentState.TALKING: ("blue", "≈"),
    AgentState.WRAP_UP: ("magenta", "✎"),
}
"""One colour and one sign for each state, everywhere."""


def watch_on(console: Console) -> Watch:
    """Draws on this console until cancelled."""

    async def watch(demo: Demo) -> None:
        with Live(console=console, auto_refresh=False, transient=False) as live:
            while True:
                live.update(draw(demo), refresh=True)
                await asyncio.sleep(REDRAW_S)

    return watch


def draw(demo: Demo) -> Group:
    """The whole picture of this moment."""
    view = board(demo.center.hub.state, calls_limit=CALLS_SHOWN)
    now = view.at
    hub = demo.center.hub
    figures = Text.assemble(
        (f"PBX {demo.telephony.name} ", "bold"),
        ("up  " if all(view.links.values()) else "DOWN  ", "green"),
        f"events {hub.position:,}  faults {sum(hub.faults.values())}  "
        f"repairs {sum(hub.repairs.values())}  cards {demo.center.api.desktops.cards_sent}",
    )
    return Group(
        figures,
        _queues(view, now),
        *(_campaign(campaign) for campaign in view.campaigns),
        _agents(view, now),
        Panel(_calls(view, now)),
    )


def _clock(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def _queues(view: Board, now: float) -> Table:
    table = Table(title="Queues", title_justify="left", expand=True)
    for name in ("queue", "waiting", "longest", "ready", "talking", "wrap-up", "not ready"):
        table.add_column(name, justify="left" if name == "queue" else "right")
    for queue in view.queues:
        since = queue.longest_waiting_since
        table.add_row(
            queue.id,
            str(queue.waiting),
            _clock(now - since) if since else "-",
            str(queue.ready),
            str(queue.talking),
            str(queue.wrap_up),
            str(queue.not_ready),
        )
    return table


def _campaign(campaign: CampaignView) -> Group:
    """Where its calls are now, what came of those that ended, and why it is silent."""
    title = f"Campaign {campaign.name}: {campaign.state}"
    table = Table(title=title, title_justify="left", expand=True)
    figures = {
        "dialing": campaign.dialing,
        "ringing": campaign.ringing,
        "screened": campaign.screening,
        "waiting": campaign.waiting,
        "talking": campaign.talking,
        "message": campaign.dropping,
        "placed": campaign.placed,
        **{
            result.replace("_", " "): count
            for result, count in campaign.results.items()
            if result in RESULTS_SHOWN
        },
        "due": campaign.counts.due,
    }
    for name in figures:
        table.add_column(name, justify="right")
    table.add_row(*map(str, figures.values()))
    return Group(table, Text(campaign.silence, style="bright_black"))


def _agents(view: Board, now: float) -> Table:
    table = Table(title="Agents", title_justify="left", expand=True)
    for name in ("agent", "level", "phone", "works for", "state", "for", "reason"):
        table.add_column(name, justify="right" if name == "for" else "left")
    for agent in view.agents:
        colour, sign = AGENT_LOOK[agent.state]
        state = Text(f"{sign} {agent.state.replace('_', ' ')}", style=colour)
        passed = _clock(now - agent.since)
        table.add_row(
            *(agent.id, agent.seniority, agent.phone),
            *(agent.campaign or ", ".join(agent.queues), state, passed, agent.reason),
        )
    return table


def _calls(view: Board, now: float) -> Table:
    table = Table(expand=True, box=None)
    for name in ("call", "tier", "state", "waited", "agent"):
        table.add_column(name, justify="right" if name == "waited" else "left")
    for call in view.calls:
        style = "yellow" if call.tier == "gold" else ""
        waits = call.state in (CallState.WAITING, CallState.OFFERED)
        waited = _clock(now - call.queued_at) if waits else "-"
        who = Text(call.customer or "stranger", style=style)
        table.add_row(who, call.tier, call.state.replace("_", " "), waited, call.agent or "-")
    return table
