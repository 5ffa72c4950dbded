"""How many calls to place, whom, when again, and what came of them. Pure; usable without the rest
of the program. Which agent takes an answered person is routing's."""
