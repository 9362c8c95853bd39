"""The truth table of the development values, by real packets from real pods."""

import time

import pytest

pytestmark = pytest.mark.usefixtures("development")
FEWEST_CELLS = 200
SECONDS = 90


def wrong_cells(ends, expected):
    """Cells that stay wrong. Network policies of new pods are in force within seconds, and a datagram may be lost, so it retries."""
    until = time.monotonic() + SECONDS
    wrong = list(expected)
    while wrong and time.monotonic() < until:
        reached = ends.reached({cell[0] for cell in wrong})
        wrong = [cell for cell in wrong if (cell[1:] in reached[cell[0]]) != expected[cell]]
    return [f"{source} → {target} {protocol} {port}: must be {'open' if expected[source, target, port, protocol] else 'closed'}" for source, target, port, protocol in wrong]


def test_every_cell_is_as_written(ends):
    expected = ends.cells()
    opened = sum(expected.values())
    assert len(expected) >= FEWEST_CELLS and opened >= 20
    assert not (wrong := wrong_cells(ends, expected)), f"{len(wrong)} of {len(expected)} cells:\n" + "\n".join(wrong[:30])
    print(f"{len(expected)} cells, {opened} of them open")


def test_without_an_engine_every_cell_is_open(ends, no_engine):
    """Otherwise a cell could be closed for lack of a listener, and would show nothing about its network policy."""
    assert not (wrong := wrong_cells(ends, dict.fromkeys(ends.cells(), True))), f"{len(wrong)} cells:\n" + "\n".join(wrong[:30])
