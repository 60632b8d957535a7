"""The proof that payment_service loses and doubles nothing: random plays, a kill matrix, and broken variants.

`world`, `books` and the `…rules` are the model: pure, and the second opinion. `oracle` keeps the worlds that are still
possible. `stage` is the real service in this process, `play` and `machine` ask and harm it; `matrix` and `zygote` kill
it as a process, cell by cell (`cells`). `audit` compares with the ledger and with the sandbox's own. `variants` break
the service on purpose.

A new operation is a row in `operations`, a rule, its fields in `fields`, and its cases in `cells`.
"""
