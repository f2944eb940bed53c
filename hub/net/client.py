"""The one outgoing HTTP client: time-outs, size limits, and a guard on where it may go.

An address that somebody typed may name this machine's own services (server-side request forgery,
CWE-918). Names are resolved here, every address is checked, and the connection goes to the very address
that was checked, at each redirect anew.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from types import TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from hub.ports.connector import AuthFailed, RateLimited, Rejected, Transient, Unanswered

Network = IPv4Network | IPv6Network

TIMEOUT_S = 20.0
CONNECT_TIMEOUT_S = 5.0
MAX_REDIRECTS = 5
MAX_RETRY_AFTER_S = 3600.0
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")
_FOR_ONE_SITE = ("Authorization", "Cookie")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole and within its limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Forbidden(Rejected):
    """The address may not be reached from here."""

    def __init__(self, host: str) -> None:
        super().__init__("address.forbidden", f"{host} is not a public address")


def is_allowed(address: str, allowed_private: tuple[Network, ...]) -> bool:
    """Whether an IP address is public, or in a network that the configuration opens.

    IPv4 addresses inside IPv6 ones (mapped, 6to4, Teredo) are looked at as what they are; those of
    translators (NAT64) count as reserved, and site-local ones as what they were.
    """
    try:
        ip = ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_allowed(str(inner), allowed_private)
    if any(ip.version == network.version and ip in network for network in allowed_private):
        return True
    if isinstance(ip, IPv6Address) and ip.is_site_local:
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _GuardedResolver(AbstractResolver):
    """Resolves, and hands on only addresses that may be reached."""

    def __init__(self, allowed_private: tuple[Network, ...]) -> None:
        self._allowed = allowed_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        addresses = [(info[0], str(info[4][0])) for info in found]
        allowed = [entry for entry in addresses if is_allowed(entry[1], self._allowed)]
        if not allowed:
            raise Forbidden(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, address in allowed
        ]

    async def close(self) -> None:
        """Nothing to close."""


class Outside:
    """The client; use as ``async with``. One for a process."""

    def __init__(self, *, allowed_private: tuple[Network, ...] = ()) -> None:
        self._allowed = allowed_private
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Outside:
        resolver = _GuardedResolver(self._allowed)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=50),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S),
            headers={"User-Agent": "BigEar/1 (city hub)"},
            trust_env=False,
            auto_decompress=True,
            cookie_jar=aiohttp.DummyCookieJar(),  # one account's cookies are not another's
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, headers: Mapping[str, str], max_bytes: int) -> Answer:
        """GET, following at most five redirects. See ``send`` for what is raised."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self.send("GET", url, headers, b"", max_bytes)
            target = answer.headers.get("Location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            onward = _parsed(url).join(_parsed(target))
            if _site(onward) != _site(_parsed(url)):  # a password is for whom it was given
                headers = {k: v for k, v in headers.items() if k.title() not in _FOR_ONE_SITE}
            url = str(onward)
        raise Rejected("address.redirects", "too many redirects")

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, max_bytes: int
    ) -> Answer:
        """One request, no redirect followed.

        Raises Forbidden (address), Rejected (``answer.too_large``, a 4xx), AuthFailed (401, 403),
        RateLimited (429, or 503 with Retry-After), Transient (network, 5xx), Unanswered (a time-out
        or a broken connection after it was sent).
        """
        checked = self._checked(url)
        if self._session is None:
            raise Transient("the client is not open")
        try:
            async with self._session.request(
                method, checked, headers=headers, data=body or None, allow_redirects=False
            ) as response:
                _check_status(response)
                return Answer(
                    response.status,
                    {name.title(): value for name, value in response.headers.items()},
                    await _bounded(response, max_bytes),
                    url,
                )
        except aiohttp.ClientConnectorError as failed:
            if isinstance(failed.os_error, Forbidden):
                raise failed.os_error from None
            raise Transient(str(failed)) from failed
        except aiohttp.ConnectionTimeoutError as failed:
            raise Transient(repr(failed)) from failed
        except (aiohttp.ClientError, TimeoutError, OSError) as failed:
            raise Unanswered(repr(failed)) from failed

    def _checked(self, url: str) -> URL:
        """The address as it will be asked, so that nothing is read in two ways. Raises Forbidden,
        Rejected ``address.invalid``."""
        parsed = _parsed(url)
        host = parsed.raw_host
        if (
            parsed.scheme not in ("http", "https")
            or parsed.user is not None
            or not host
            or not _HOST.fullmatch(host)
        ):
            raise Rejected("address.invalid", "an http or https address without a user is needed")
        # The resolver looks at names. aiohttp does not ask it for what looks like an address, and
        # 2130706433 or 0177.0.0.1 do, for a socket as well: only a plain address may pass.
        if _looks_numeric(host) and not is_allowed(host, self._allowed):
            raise Forbidden(host)
        return parsed


def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError:
        raise Rejected("address.invalid", "that is no address") from None


def _site(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.raw_host, url.port


def _looks_numeric(host: str) -> bool:
    """Whether a host is an address in any spelling (WHATWG URL, "ends in a number")."""
    last = host.rstrip(".").rsplit(".", 1)[-1]
    return ":" in host or last.isdigit() or re.fullmatch(r"0[xX][0-9A-Fa-f]*", last) is not None


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status < 400:
        return
    after = response.headers.get("Retry-After", "")
    if status == 429 or (status == 503 and after):
        raise RateLimited(min(_wait_s(after), MAX_RETRY_AFTER_S))
    if status in (401, 403):
        raise AuthFailed(f"HTTP {status}")
    if status >= 500 or status == 408:
        raise Transient(f"HTTP {status}")
    raise Rejected(f"http.{status}")


def _wait_s(after: str) -> float:
    """Retry-After (RFC 9110, section 10.2.3), seconds or a date, in seconds; a minute if it is
    neither."""
    if after.isascii() and after.isdigit():
        return float(after[:9])
    try:
        until = parsedate_to_datetime(after).timestamp()
    except (ValueError, OverflowError):  # a zone or a year that no clock can show overflows
        return 60.0
    return max(0.0, until - time.time())


async def _bounded(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > max_bytes:
            raise Rejected("answer.too_large", f"more than {max_bytes} bytes")
    return bytes(body)
