"""What each subject of the PSP's events means here: a handler a subject, under the types that it answers to.

A handler asks the PSP for the object as it is now and applies the difference; the event itself proves nothing. It may
be called twice, out of order, and long after. See `handling.py` for what it returns.
"""
