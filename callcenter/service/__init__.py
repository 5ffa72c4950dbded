"""The asyncio shell around the machine: steps, journals, releases. It decides nothing."""
