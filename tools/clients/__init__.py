"""Writes the clients' generated parts (models and operations) from the OpenAPI document."""
