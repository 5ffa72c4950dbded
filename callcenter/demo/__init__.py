"""A small sample center that runs end to end, for a first look and for acceptance tests."""
