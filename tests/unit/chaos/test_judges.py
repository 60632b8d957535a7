"""What the judges of an attack take for lost, and what not."""

from __future__ import annotations

from jitney.chaos.check_messages import is_told_to_nobody
from ridesharing.payment.v1 import events_pb2 as payment


def test_charges_are_told_where_they_are_tips() -> None:
    charge = payment.ChargeCollected.DESCRIPTOR.full_name

    assert is_told_to_nobody(charge, payment.ChargeCollected().SerializeToString())
    tip = payment.ChargeCollected(tipped_driver_id="01890a5d-ac96-774b-bcce-b302099a8057")
    assert not is_told_to_nobody(charge, tip.SerializeToString())
    assert not is_told_to_nobody(payment.PaymentCaptured.DESCRIPTOR.full_name, b"")
