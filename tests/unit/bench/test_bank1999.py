"""Reading a real call log, with its traps."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from callcenter.bench.bank1999 import LogError, make_days, read_log
from callcenter.bench.center_model import play
from callcenter.bench.policies import Fifo
from callcenter.domain.customer import Tier

HEADER = (
    "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\t"
    "q_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver"
)


def row(
    at: str, priority: int = 0, queued_s: int = 0, outcome: str = "AGENT", talk_s: int = 100,
    server: str = "ANA", kind: str = "PS", date: str = "990201", began: str = "",
) -> str:  # fmt: skip
    """One line of the log."""
    queue = (at, at) if queued_s else ("0:00:00", "0:00:00")
    began = began or (at if outcome == "AGENT" else "0:00:00")
    return "\t".join(
        ("AA0101", "1", "7", str(priority), kind, date, at, at, "5", queue[0], queue[1],
         str(queued_s), outcome, began, began, str(talk_s), server)
    )  # fmt: skip


def write(path: Path, *rows: str) -> Path:
    """A log file with these lines."""
    text = "\n".join((HEADER, *rows)) + "\n"
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def test_what_no_agent_could_have_taken_is_left_out(tmp_path: Path) -> None:
    log = read_log(
        write(
            tmp_path / "log.tsv",
            row("8:00:00"),
            row("8:01:00", outcome="PHANTOM"),
            row("8:02:00", outcome="HANG", server="NO_SERVER"),  # left in the automatic part
            row("8:03:00", server="NO_SERVER"),
            row("8:04:00", outcome="HANG", queued_s=30, server="NO_SERVER"),
        )
    )

    assert [(one.at, one.hung_up) for one in log.calls] == [(28_800.0, False), (29_040.0, True)]


def test_a_packed_log_is_read_too(tmp_path: Path) -> None:
    assert len(read_log(write(tmp_path / "log.tsv.gz", row("8:00:00"))).calls) == 1


def test_the_fastest_third_of_those_with_300_calls_are_the_seniors(tmp_path: Path) -> None:
    rows = [
        row("8:00:00", server=name, talk_s=talk_s)
        for name, talk_s, count in (
            ("SLOW", 300, 300), ("FAST", 100, 300), ("FASTER", 90, 299), ("MID", 200, 300),
        )
        for _ in range(count)
    ]  # fmt: skip

    assert read_log(write(tmp_path / "log.tsv", *rows)).seniors == ("FAST",)


def test_the_priority_of_who_queued_is_known_and_that_of_others_is_drawn_alike(
    tmp_path: Path,
) -> None:
    queued = [row("8:00:00", priority=2 if n % 4 else 1, queued_s=10) for n in range(40)]
    at_once = [row("9:00:00") for _ in range(400)]
    log = read_log(write(tmp_path / "log.tsv", *queued, *at_once))

    callers = make_days(log, 1)[0].callers

    assert log.preferred == {"PS": 0.75}
    assert [c.tier for c in callers[:5]] == [Tier.STANDARD, *[Tier.GOLD] * 3, Tier.STANDARD]
    gold = len([c for c in callers[40:] if c.tier is Tier.GOLD])
    assert 0.68 < gold / 400 < 0.82


def test_who_hung_up_has_the_patience_seen_and_who_was_answered_has_more_than_the_wait(
    tmp_path: Path,
) -> None:
    log = read_log(
        write(
            tmp_path / "log.tsv",
            row("8:00:00", queued_s=30, outcome="HANG", server="NO_SERVER"),
            row("8:01:00", queued_s=20),
            row("8:02:00", queued_s=60),
            row("8:03:00", queued_s=90, outcome="HANG", server="NO_SERVER"),
        )
    )

    patience = [
        [caller.patience_s for caller in make_days(log, seed)[0].callers] for seed in range(20)
    ]

    assert {tuple(one[0::3]) for one in patience} == {(30.0, 90.0)}
    assert {one[1] for one in patience} == {30.0, 90.0}
    assert {one[2] for one in patience} == {90.0}


def test_who_outlasts_all_that_was_seen_is_patient_for_an_hour_more(tmp_path: Path) -> None:
    log = read_log(write(tmp_path / "log.tsv", row("8:00:00", queued_s=20)))

    assert make_days(log, 1)[0].callers[0].patience_s == 3620.0


def test_a_long_call_is_long_with_every_agent_and_each_has_an_own_pace(tmp_path: Path) -> None:
    rows = [row("8:00:00", talk_s=10 * n, server="ANA") for n in range(1, 11)]
    rows += [row("8:00:00", talk_s=20 * n, server="BOB") for n in range(1, 11)]
    played = make_days(read_log(write(tmp_path / "log.tsv", *rows)), 1)[0]
    ana, bob = played.desks

    for caller in played.callers:
        assert played.handling_s(bob, caller) == 2.0 * played.handling_s(ana, caller)
    assert {played.handling_s(ana, c) for c in played.callers} == {10.0 * n for n in range(1, 11)}


def test_a_gap_longer_than_a_break_is_absence_and_days_follow_each_other(tmp_path: Path) -> None:
    log = read_log(
        write(
            tmp_path / "log.tsv",
            row("8:00:00"),
            row("8:10:00"),
            row("10:00:00"),
            row("8:00:00", date="990202"),
        )
    )

    first, second = make_days(log, 1)

    assert first.desks[0].shifts == ((28_800.0, 29_500.0), (36_000.0, 36_100.0))
    assert second.callers[0].at == 86_400.0 + 28_800.0
    assert second.desks[0].shifts == ((115_200.0, 115_300.0),)
    assert len(play(first, Fifo()).served) == 3


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((row("8:00"),), "line 2"),
        ((row("8:00:00"), "AA\t1"), "line 3"),
        ((row("8:00:00", outcome="PHANTOM"),), "no call"),
    ],
)
def test_a_damaged_log_is_refused_with_its_place(
    tmp_path: Path, rows: tuple[str, ...], said: str
) -> None:
    with pytest.raises(LogError, match=said):
        read_log(write(tmp_path / "log.tsv", *rows))


def test_another_table_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    path.write_text("a\tb\n1\t2\n", encoding="utf-8")

    with pytest.raises(LogError, match="no column type, priority"):
        read_log(path)
