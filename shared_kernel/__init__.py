"""The words every part of Jitney shares: money, places, ids, errors and time. Standard library only."""
