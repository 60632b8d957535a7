"""The ways into the service: RPCs, events and the delivery worker."""
