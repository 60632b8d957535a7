"""Operators' commands about money: reconciliation, and the story of a payment. They speak the service's own RPCs."""
