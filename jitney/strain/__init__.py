"""Strains a stack of its own: more load than it can carry, or a load that it carries for hours."""
