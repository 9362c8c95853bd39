import pytest
import rendering


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing them")


@pytest.fixture(scope="session", autouse=True)
def dependencies():
    """Puts the current chart portcullis into the chart task-suite."""
    done = rendering.helm("dependency", "build", rendering.CHARTS / "task-suite")
    assert done.returncode == 0, done.stderr
