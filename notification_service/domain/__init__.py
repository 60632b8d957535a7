"""What is owed to whom when something happens. No input or output."""
