"""Drawing a flow."""

from __future__ import annotations

import msgspec

from callcenter.domain.flow import HangupNode
from callcenter.ivr.drawing import draw
from tests.builders import FLOW


def test_a_flow_is_drawn_with_its_nodes_and_the_keys_on_its_arrows() -> None:
    assert draw(FLOW).splitlines() == [
        "flowchart LR",
        '  n0["welcome<br/>plays welcome"]',
        '  n1{"menu<br/>asks menu"}',
        '  n2(["service<br/>queue service"])',
        '  n3(["bye<br/>says bye, hangs up"])',
        "  start(( )) --> n0",
        "  n0 --> n1",
        '  n1 -->|"1"| n2',
        '  n1 -->|"9"| n3',
        '  n1 -->|"otherwise"| n2',
    ]


def test_a_hang_up_without_a_word_is_drawn_so() -> None:
    flow = msgspec.structs.replace(FLOW, nodes={**FLOW.nodes, "bye": HangupNode()})

    assert '  n3(["bye<br/>hangs up"])\n' in draw(flow)
