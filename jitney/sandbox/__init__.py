"""The outside world, imitated over real sockets: a card processor and providers of messages, for local work and tests.

The real adapters speak to it exactly as they speak to the real providers; what it was told to do wrong
(`/_sim/faults`) and what really happened (`/_sim/ledger`, `/_sim/messages`) can be asked. It is a process of its own
with durable state.
"""
