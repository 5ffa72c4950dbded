"""Who gets which call. Pure; usable without the rest of the program."""
