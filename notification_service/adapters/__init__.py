"""The service's store, its words and its ways out."""
