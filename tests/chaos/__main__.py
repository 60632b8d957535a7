"""`python -m tests.chaos [NAME ...]`: attacks the broken builds; exit code 1 where one is not noticed."""

from __future__ import annotations

import sys
import time

from tests.chaos.variants import VARIANTS, attack_variant


def main() -> int:
    """Attack some or all."""
    unseen = 0
    for name in sys.argv[1:] or VARIANTS:
        variant, begun = VARIANTS[name], time.monotonic()
        found = [each for each in attack_variant(variant).violations if variant.seen_as in each]
        unseen += not found
        seconds = time.monotonic() - begun
        sys.stdout.write(
            f"{name}: {'noticed' if found else 'NOT NOTICED'} after {seconds:.0f} s, {len(found)} violations\n"
        )
        sys.stdout.write("".join(f"  {each[:160]}\n" for each in found[:3]))
        sys.stdout.flush()
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
