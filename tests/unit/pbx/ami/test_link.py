"""What a link is told: accounts that keep their secret, attempts that spread out."""

from __future__ import annotations

import pytest

from callcenter.pbx.ami.link import Account, Timings, retry_delay_s
from callcenter.pbx.ami.wire import InvalidActionError

TIMINGS = Timings(retry_first_s=0.25, retry_max_s=10)


def test_an_account_is_shown_without_its_secret() -> None:
    account = Account("main", "127.0.0.1", 5038, "leader", "hush", "secrets/leader")

    assert repr(account) == "Account('leader' at PBX \"main\" (127.0.0.1:5038))"
    assert "hush" not in f"{account} {account!r}"


@pytest.mark.parametrize(
    ("user", "secret"), [("a\nb", "x"), ("a", "x\r\nEvents: off"), ("a", "\0")]
)
def test_an_account_that_would_add_headers_is_refused(user: str, secret: str) -> None:
    with pytest.raises(InvalidActionError, match="holds a line break or NUL") as error:
        Account("main", "127.0.0.1", 5038, user, secret, "secrets/leader")

    assert secret not in str(error.value)


def test_waits_double_up_to_a_bound() -> None:
    waits = [retry_delay_s(attempt, 1.0, TIMINGS) for attempt in (1, 2, 3, 6, 7, 1_000_000)]

    assert waits == [0.25, 0.5, 1.0, 8.0, 10.0, 10.0]


def test_chance_spreads_a_wait_over_its_upper_half() -> None:
    assert retry_delay_s(3, 0.0, TIMINGS) == 0.5
    assert retry_delay_s(3, 0.5, TIMINGS) == 0.75
