"""Which addresses are out on the internet, and which in somebody's private network. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_EMBEDDING = (
    (IPv6Network("::/96"), 0),  # IPv4-compatible
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)
"""Networks whose addresses carry an IPv4 address, and how many bits to the right of it."""

_BLOCKED_V6 = (IPv6Network("64:ff9b:1::/48"), IPv6Network("2001::/32"), IPv6Network("fec0::/10"))
"""Local NAT64, Teredo, site-local: never where a public stream is."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is given out of IPv6 (RFC 4291, 2.4; IANA)."""

_SPECIAL_V6 = (IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
"""Protocol assignments and documentation: global by their first bits, nobody's server all the same."""

_SPECIAL_V4 = (
    IPv4Network("168.63.129.16/32"),  # Azure's agent of the host: public by number, reachable from inside only
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
)


def is_public(address: Address) -> bool:
    """Whether an address is out on the internet; one that carries an IPv4 address is where that is."""
    if isinstance(address, IPv6Address):
        for network, shift in _EMBEDDING:
            if address in network:
                return is_public(IPv4Address((int(address) >> shift) & 0xFFFF_FFFF))
        if any(address in network for network in _BLOCKED_V6):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def may_connect(address: Address) -> bool:
    """Whether we may open a connection there ourselves: public, and no tunnel or translation to somewhere else."""
    if isinstance(address, IPv6Address):
        tunnel = any(address in network for network, _ in _EMBEDDING)
        if tunnel or address not in _GLOBAL_UNICAST or any(address in network for network in _SPECIAL_V6):
            return False
    elif any(address in network for network in _SPECIAL_V4):
        return False
    return is_public(address)
