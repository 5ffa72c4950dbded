"""What the transition tables share: the error raised for a pair that a table lacks."""

from __future__ import annotations


class Impossible(Exception):  # noqa: N818 - names a fact, not a failure of the program
    """This step cannot follow in this state; the machine turns it into a named fault."""

    def __init__(self, what: str, state: str, step: str) -> None:
        super().__init__(f"{what}: {step} in state {state}")
        self.what, self.state, self.step = what, state, step
