"""Proofs that what is owed arrives: notification_service killed at random points while every event comes three times.

`python -m tests.arrivals kills --kills 100` runs it at length, `python -m tests.arrivals faults` plays failing
providers and prints how long the next one takes. A share of the kills runs with the other tests.
"""
