"""What all tests share."""

from hypothesis import HealthCheck, settings

# How fast the machine is says nothing about the code: an example may take its time, and so may making one.
settings.register_profile("jitney", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jitney")
