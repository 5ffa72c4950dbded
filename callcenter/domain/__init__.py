"""The vocabulary of the center: ids, events, commands, records and transition tables. Pure."""
