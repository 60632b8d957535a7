"""Tools of the repository's own checks; nothing here is shipped."""
