"""How much a city takes: what was measured of rides and drivers (figures.json), and the arithmetic over it."""
