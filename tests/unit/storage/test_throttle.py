"""The throttle of sign-ins, by the clock it is given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcenter.storage.throttle import Throttle, network_of

T0 = 1_700_000_000.0


def test_failures_up_to_the_limit_cost_nothing() -> None:
    throttle = Throttle(3, wait_first_s=10.0)

    for _ in range(2):
        throttle.charge("ana", T0)

    assert throttle.wait_s("ana", T0) == 0.0


def test_each_failure_beyond_doubles_the_wait_up_to_a_limit() -> None:
    throttle = Throttle(2, wait_first_s=10.0, wait_max_s=50.0)
    waits = []
    for _ in range(6):
        throttle.charge("ana", T0)
        waits.append(throttle.wait_s("ana", T0))

    assert waits == [0.0, 10.0, 20.0, 40.0, 50.0, 50.0]
    assert throttle.wait_s("ana", T0 + 49.0) == 1.0
    assert throttle.wait_s("ana", T0 + 51.0) == 0.0


def test_others_do_not_wait() -> None:
    throttle = Throttle(1)
    throttle.charge("ana", T0)

    assert throttle.wait_s("bo", T0) == 0.0


def test_failures_are_forgotten_after_a_while() -> None:
    throttle = Throttle(2, wait_first_s=10.0, forget_after_s=100.0)
    throttle.charge("ana", T0)

    throttle.charge("ana", T0 + 101.0)

    assert throttle.wait_s("ana", T0 + 101.0) == 0.0


def test_a_refund_takes_one_try_back_and_forgiveness_all() -> None:
    throttle = Throttle(2, wait_first_s=10.0)
    throttle.charge("ana", T0)
    throttle.charge("ana", T0)
    throttle.refund("ana")
    after_refund = throttle.wait_s("ana", T0)
    throttle.charge("ana", T0)
    charged_again = throttle.wait_s("ana", T0)
    forgiven = throttle.forgive("ana")
    throttle.charge("ana", T0)

    assert forgiven == 2
    assert (after_refund, charged_again, throttle.wait_s("ana", T0)) == (0.0, 10.0, 0.0)


def test_a_refund_of_nothing_is_nothing() -> None:
    throttle = Throttle(1)

    throttle.refund("ana")
    throttle.forgive("ana")

    assert throttle.wait_s("ana", T0) == 0.0


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 1e4)), max_size=200))
def test_it_remembers_no_more_than_its_limit_and_waits_no_longer(
    tries: list[tuple[str, float]],
) -> None:
    throttle = Throttle(2, wait_max_s=30.0, keys_max=4)
    now = T0
    for key, pause in tries:
        now += pause
        throttle.charge(key, now)
        assert 0.0 <= throttle.wait_s(key, now) <= 30.0
        assert len(throttle._of) <= 4


def test_an_ipv6_address_counts_as_its_network() -> None:
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::") == "2001:db8:1:2::/64"
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("unix socket") == "unix socket"
