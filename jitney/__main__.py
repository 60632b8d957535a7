"""`python -m jitney`."""

from jitney.cli import main

main()
