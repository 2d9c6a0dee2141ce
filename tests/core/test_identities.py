"""The identities of `identities.py`, on the modules as they are."""

import pytest

from tests.core import identities


@pytest.mark.parametrize("name", identities.CHECKS)
def test_the_code_keeps_the_identity(name: str):
    identities.CHECKS[name](identities.Rooms())
