"""Attacks a stack of its own while a simulated city rides in it, and judges what is left in every store."""
