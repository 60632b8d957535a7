"""Histories of concurrent operations against the real services, judged for linearizability.

A history tells when each operation was asked for and answered, and with what. It is linearizable where all operations
can be put into one order, each between its question and its answer, in which a plain sequential model gives the same
answers (Herlihy and Wing, 1990). Who was never answered may have had its effect at any later moment, or not at all.
"""
