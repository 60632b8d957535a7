"""Operators' commands by the public interface: rides, refunds, drivers, dead letters."""
