"""How detection listens in a campaign: the fields of its document, and their bounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from callcenter.domain.campaign import AmdSettings

AFTER_GREETING_MS_MAX = 900
"""With the second that a person waits for an agent it is under the two of the law."""


class AmdFields(BaseModel):
    """How Asterisk's detection listens, in milliseconds; 0: as in ``cc_amd.conf``."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )

    initial_silence: Annotated[int, Field(ge=0, le=10_000)] = 0
    """After so long a silence it is a machine; such a one is taken for a person all the same."""
    greeting: Annotated[int, Field(ge=0, le=10_000)] = 0
    """A greeting as long is a machine's."""
    after_greeting_silence: Annotated[int, Field(ge=0, le=AFTER_GREETING_MS_MAX)] = 0
    """So long a silence after a greeting is a person's; it is spent of the 2 s of the law."""
    total_analysis_time: Annotated[int, Field(ge=0, le=15_000)] = 0
    """Nobody is listened to for longer."""
    min_word_length: Annotated[int, Field(ge=0, le=1_000)] = 0
    max_words: Annotated[int, Field(ge=0, le=20)] = 0
    """More words are a machine's."""

    def settings(self) -> AmdSettings:
        """The same in the machine's terms."""
        return AmdSettings(**self.model_dump())
