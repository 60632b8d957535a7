"""What the public API takes and gives, by subject, each with its conversion from the contracts' messages."""
