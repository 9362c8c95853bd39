import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from authz_server import AuthzServer  # noqa: E402
from programs import Programs  # noqa: E402
from service import Service  # noqa: E402


def pytest_report_header():
    return [f"{name.lower()}: {os.environ[name]}" for name in ("PORTCULLIS", "ENVOY", "EGCTL", "ISTIOCTL", "ISTIO_TRANSLATE")]


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    return pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def examples(root) -> pathlib.Path:
    return root / "k8s/gateways"


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    programs = Programs(tmp_path_factory.mktemp("programs"))
    yield programs
    programs.stop_all()


@pytest.fixture(scope="module")
def authz(programs, examples, tmp_path_factory) -> AuthzServer:
    return AuthzServer(os.environ["PORTCULLIS"], examples / "policy.yaml", programs, tmp_path_factory.mktemp("authz"))


@pytest.fixture(scope="module")
def service():
    service = Service()
    yield service
    service.stop()
