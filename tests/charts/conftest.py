import pytest
import rendering


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture(scope="session", autouse=True)
def dependencies():
    """The chart task-suite carries the chart portcullis as it is now."""
    done = rendering.helm("dependency", "build", rendering.CHARTS / "task-suite")
    assert done.returncode == 0, done.stderr
