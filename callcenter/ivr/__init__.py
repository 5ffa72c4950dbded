"""The flow engine. Pure."""
