"""No connection goes to an address that is not out on the internet."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.effects.screened import AddressRefused, ScreenedBackend

CORPUS = (Path(__file__).parent / "corpus/private_addresses.txt").read_text("utf-8").splitlines()
PRIVATE = [line.split()[0] for line in CORPUS if line and not line.startswith("#")]
PUBLIC = ["8.8.8.8", "93.184.215.14", "192.0.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1"]


class Dry(ScreenedBackend):
    """Would connect, but for the test."""

    def __init__(self, *addresses: str) -> None:
        async def resolver(_host: str, _port: int) -> list[str]:
            return list(addresses)

        super().__init__(resolver=resolver)

    async def passes(self) -> bool:
        """Whether a connection would be made."""
        try:
            await self._addresses("name.example", 443)
        except AddressRefused:
            return False
        return True


@pytest.mark.parametrize("address", PRIVATE)
async def test_private_addresses_are_refused(address: str) -> None:
    """Alone, and beside public ones, in any order."""
    for addresses in ([address], [address, *PUBLIC], [*PUBLIC, address]):
        assert not await Dry(*addresses).passes()


async def test_public_addresses_pass() -> None:
    """The screen keeps nobody out who is out on the internet."""
    for address in PUBLIC:
        assert await Dry(address).passes(), address
    assert await Dry(*PUBLIC).passes()


async def test_no_socket_of_this_machine_is_opened() -> None:
    """Not by its path either."""
    with pytest.raises(AddressRefused):
        await ScreenedBackend().connect_unix_socket("/run/docker.sock")
