"""The worlds of the bench: kinds of lists, what goes wrong, and the memoryless twin."""

from __future__ import annotations

import msgspec

from callcenter.bench.pacing.world import Mix, Shift, World

STEADY = World("steady", (Mix(0.0, 0.30, 0.10),))
POOR = World("poor", (Mix(0.0, 0.08, 0.27, 0.05, 0.08),), talk_s=140.0)
DRIFTING = World(
    "drifting",
    (
        Mix(0.00, 0.22, 0.15),
        Mix(0.22, 0.35, 0.10),
        Mix(0.45, 0.12, 0.25, 0.05, 0.10),
        Mix(0.65, 0.28, 0.12),
        Mix(0.85, 0.18, 0.18),
    ),
    shifts=(
        Shift(0.6, 0.0, ((0.25, 0.28), (0.5, 0.56))),
        Shift(0.4, 0.12, ((0.33, 0.36), (0.58, 0.64), (0.8, 0.82))),
    ),
)
LISTS = (STEADY, POOR, DRIFTING)

change = msgspec.structs.replace
TROUBLES = (
    change(STEADY, name="amd_errors", persons_lost=0.03, machines_passed=0.10),
    change(POOR, name="no_ringing", rings=0.0),
    change(
        STEADY,
        name="walk_off",
        shifts=(Shift(0.6), Shift(0.4, 0.0, ((0.3, 0.36), (0.6, 0.7)))),
    ),
    change(STEADY, name="trunk_dies", trunk_dead=((0.3, 0.35, True), (0.6, 0.63, False))),
)

TWIN = World(
    "twin", (Mix(0.0, 0.30, 0.0, 0.0, 0.0),), talk_s=140.0, ring_s=10.0, screening=(0.0, 0.0),
    patience_s=0.0, is_twin=True,
)  # fmt: skip
