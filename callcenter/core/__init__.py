"""The machine: the whole center as one deterministic state machine. Pure."""
