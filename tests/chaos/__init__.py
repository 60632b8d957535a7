"""The attack on the whole stack, short; and builds broken on purpose that it must notice."""
