"""The truth table of the development values, by real packets from real pods."""

import time

import pytest

pytestmark = pytest.mark.usefixtures("development")
FEWEST_CELLS = 200
SECONDS = 60


def test_every_cell_is_as_written(ends):
    expected = ends.cells()
    opened = sum(expected.values())
    assert len(expected) >= FEWEST_CELLS and opened >= 20
    until = time.monotonic() + SECONDS
    while True:
        reached = ends.reached()
        # Policies of pods that have just started are in force within seconds, and a datagram may be lost.
        wrong = [
            f"{source} → {target} {protocol} {port}: must be {'open' if allowed else 'shut'}"
            for (source, target, port, protocol), allowed in expected.items()
            if ((target, port, protocol) in reached[source]) != allowed
        ]
        if not wrong or time.monotonic() >= until:
            break
    assert not wrong, f"{len(wrong)} of {len(expected)} cells:\n" + "\n".join(wrong[:30])
    print(f"{len(expected)} cells, {opened} of them open")
