"""A city of riders and drivers that speak only the public interfaces: it replays real trips, or makes up its own."""
