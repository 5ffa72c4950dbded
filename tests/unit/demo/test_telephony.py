"""How the far ends' logs are read: the simulated one, and Asterisk's own of what it joined."""

from __future__ import annotations

import socket
from datetime import datetime

from callcenter.demo.sip_counter import is_ring
from callcenter.demo.sip_telephony import STAMP_S, read_joins
from callcenter.demo.stamped_socket import StampedSocket, StampedSockets
from callcenter.demo.telephony import sip_calls
from callcenter.simulator.stage import Deed, Entry

CALLER, PHONE = "+3545552000", "1001"


def test_a_simulated_caller_is_told_in_the_terms_of_the_wire() -> None:
    (call,) = sip_calls(
        [
            Entry(1.0, "caller-0001", Deed.DIALED, "ch-1", CALLER, "5550100"),
            Entry(1.2, "caller-0001", Deed.ACCEPTED, "ch-1", CALLER),
            Entry(2.0, "caller-0001", Deed.HEARD_PROMPT, "ch-1", CALLER, "cc/greeting"),
            Entry(3.0, "caller-0001", Deed.PRESSED, "ch-1", CALLER, "1"),
            Entry(9.0, "caller-0001", Deed.HUNG_UP, "ch-1", CALLER),
        ]
    )

    assert (call.caller, call.called, call.received) == (CALLER, "5550100", False)
    assert (call.invited_at, call.answered_at, call.pressed_at) == (1.0, 1.2, 3.0)
    assert (call.ended_at, call.ended_here) == (9.0, True)


def test_simulated_phones_and_people_dialed_are_told_in_the_terms_of_the_wire() -> None:
    calls = sip_calls(
        [
            Entry(1.0, PHONE, Deed.INVITED, "leg-1", CALLER),
            Entry(1.1, PHONE, Deed.RANG, "leg-1", CALLER),
            Entry(2.0, PHONE, Deed.PICKED_UP, "leg-1", CALLER),
            Entry(3.0, PHONE, Deed.WAS_HUNG_UP, "leg-1", CALLER, "16"),
            Entry(4.0, PHONE, Deed.INVITED, "leg-2", "line"),
            Entry(5.0, PHONE, Deed.REFUSED, "leg-3", CALLER, "486"),  # busy: never rang
            Entry(6.0, "dialed-0001", Deed.INVITED, "att-1", CALLER, "busy", shown="+3545550100"),
            Entry(6.5, "dialed-0001", Deed.REFUSED, "att-1", CALLER, "486"),
            Entry(7.0, "dialed-0002", Deed.INVITED, "att-2", CALLER, "no_answer"),
            Entry(22.0, "dialed-0002", Deed.WITHDRAWN, "att-2", CALLER),
        ]
    )

    ring, line, busy, vain = calls
    assert (ring.called, ring.caller, ring.answered_at) == (PHONE, CALLER, 2.0)
    assert (ring.ringing_at, ring.ended_at, ring.ended_here) == (1.1, 3.0, False)
    assert [is_ring(call) for call in (ring, line)] == [True, False]
    assert (busy.called, busy.caller, busy.refused_with) == (CALLER, "+3545550100", 486)
    assert (vain.cancelled_at, vain.answered_at) == (22.0, None)


def test_a_persons_joining_of_a_line_is_read_from_asterisks_log() -> None:
    log = "".join(
        f"[2026-11-22 02:14:{second}] VERBOSE[1][C-01] bridge_channel.c: Channel {channel} joined"
        f" '{kind}' {name} <7952f9f6>\n"
        for second, channel, kind, name in (
            ("41.393", "PJSIP/1011-00000002", "holding_bridge", "base-bridge"),
            ("50.100", "PJSIP/carrier-0000000b", "simple_bridge", "basic-bridge"),
            ("50.101", "PJSIP/1011-00000002", "simple_bridge", "basic-bridge"),
            ("51.000", "PJSIP/1002-00000007", "simple_bridge", "basic-bridge"),
        )
    )

    (heard,) = read_joins(log, ("1011",))

    assert heard.phone == "1011"
    at = datetime.fromisoformat("2026-11-22 02:14:50.101").astimezone().timestamp()
    assert heard.at == at + STAMP_S


def test_a_socket_tells_when_its_data_arrived_however_late_it_is_read() -> None:
    sockets = StampedSockets()
    assert sockets.arrived_at == 0.0
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        reader = sockets((socket.AF_INET, socket.SOCK_STREAM, 0, "", address))
        with reader:
            reader.connect(address)
            writer, _ = server.accept()
            with writer:
                arrivals = []
                for text in (b"one", b"two"):
                    writer.sendall(text)
                    assert reader.recv(100) == text
                    arrivals.append(sockets.arrived_at)

    assert isinstance(reader, StampedSocket)
    assert 0.0 < arrivals[0] < arrivals[1]
