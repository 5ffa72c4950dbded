"""The bench of pacing: simulated people, networks and agents against any pacer, many seeds.

Its own discrete-event simulation, which shares nothing with the pacers but their interface.
"""
