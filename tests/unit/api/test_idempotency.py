"""Keys and the names made of them."""

from __future__ import annotations

import pytest

from callcenter.api import idempotency
from callcenter.api.errors import ProblemError
from callcenter.api.idempotency import Keys


def test_the_name_of_a_wish_survives_a_restart() -> None:
    assert Keys().request_id("ana", "k", b"wish") == Keys().request_id("ana", "k", b"wish")


def test_after_a_restart_a_reused_key_never_names_the_old_wish() -> None:
    assert Keys().request_id("ana", "k", b"one") != Keys().request_id("ana", "k", b"two")


def test_only_so_many_keys_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "KEYS_KEPT_MAX", 2)
    keys = Keys()
    for key in ("a", "b", "c"):
        keys.request_id("ana", key, b"one")

    keys.request_id("ana", "a", b"two")  # forgotten: not told apart any more
    with pytest.raises(ProblemError, match="named another request"):
        keys.request_id("ana", "c", b"two")
