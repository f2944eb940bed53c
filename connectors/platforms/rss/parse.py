"""A feed's bytes to entries, and what is new in them; pure. feedparser reads the formats, this decides
what a thing is.

A DOCTYPE is refused before parsing: a feed needs none, and entities declared there can grow without
bound ("billion laughs", CWE-776) or name files (CWE-611).
"""

from __future__ import annotations

import codecs
import hashlib
import html
import io
import re
from calendar import timegm
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import feedparser

from hub.model.items import Author, Inbound

MAX_SEEN = 2_000
MAX_GUID_BYTES = 500
MAX_MARKUP_CHARS = 200_000
"""Of one entry's content; the hub keeps 20,000 signs of what it shows."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ONE_BYTE = frozenset({"iso8859-1", "iso8859-15", "cp1252"})
"""Every text fits these: that one does says nothing."""
_CHARSETS = _ONE_BYTE | {
    *("cp949", "johab", "shift_jis", "cp932", "euc_jp", "gb2312", "gbk", "gb18030", "big5")
}
"""Codecs that a feed may ask for, by Python's names; Python has others that are no charsets."""
_MEANT = {"euc_kr": "cp949"}
"""What calls itself EUC-KR or ks_c_5601 is CP949 (WHATWG Encoding)."""
_WHOLE_EACH = 4
"""So many whole signs beyond ASCII for each broken one, and a text is in this charset. CP949 read as
UTF-8 has three broken ones for each whole one."""

_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")
_DECLARED = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_HTML = re.compile(r"<!doctype\s+html|<html\b", re.IGNORECASE)
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<![a-z][^<>]*>|</?([a-z][a-z0-9:-]*)(?=[\s/>])[^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
"""A comment, a declaration or a tag of HTML: what else stands in such brackets, as <긴급>, is words."""
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt"),
        *("figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
        *(
            "iframe",
            "img",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "table",
            "tbody",
            "td",
        ),
        *("tfoot", "th", "thead", "tr", "ul", "video"),
    }
)
_INLINE = frozenset(
    {
        *("a", "b", "big", "center", "cite", "code", "del", "em", "font", "i", "ins", "mark", "q"),
        *("s", "small", "span", "strike", "strong", "sub", "sup", "u", "wbr"),
    }
)
_SPACE = re.compile(r"[ \t\xa0]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")

Seen = list[tuple[str, str, str]]
"""``(key, digest of the text, source)`` of entries that were handed on, the oldest first."""


class MalformedFeed(ValueError):
    """These bytes are no feed. ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its key in the feed, a digest of its text, the source that its item's id begins with
    (a digest of the feed's address), and that item."""

    key: str
    digest: str
    source: str
    inbound: Inbound


def parse(body: bytes, source: str, kind: str = "post", charset: str = "") -> list[Entry]:
    """The entries of the feed at the address ``source``, oldest first. ``charset``: what the server
    said. Raises MalformedFeed ``feed.html``, ``feed.doctype`` or ``feed.malformed``."""
    text = _decoded(body, charset)
    start = text[_PROLOG.match(text).end() :][:200]  # type: ignore[union-attr] # it matches nothing, too
    if _HTML.match(start):
        raise MalformedFeed("feed.html")
    if start[:9].upper() == "<!DOCTYPE":
        raise MalformedFeed("feed.doctype")
    # A file object: of bytes, feedparser tries first whether they name a file on this machine.
    declaration = _DECLARATION.match(text)
    text = text[declaration.end() :] if declaration else text
    document = io.BytesIO(text.encode("utf-8", "replace"))
    feed = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    if not feed.get("version"):
        raise MalformedFeed("feed.malformed")
    atom = feed.version.startswith("atom")
    shapes: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for raw in feed.entries:
        shapes[str(raw.get("id", ""))].add((str(raw.get("link", "")), str(raw.get("title", ""))))
    found: dict[str, Entry] = {}
    for raw in reversed(feed.entries):
        guid = str(raw.get("id", ""))
        # One id for entries that differ is no id; a pinned entry is the same one, listed twice.
        entry = _entry(raw, guid if len(shapes[guid]) == 1 else "", source, kind, atom)
        if entry is not None:
            found[entry.key] = entry
    if feed.bozo and not found:
        raise MalformedFeed("feed.malformed")
    return list(found.values())


def news(entries: Sequence[Entry], seen: Seen) -> list[Entry]:
    """What was not seen before, and what was seen with another text (as an edit). By keys, never by
    a timestamp, which skips what is published late."""
    known = {key: (digest, source) for key, digest, source in seen}
    told = []
    for entry in entries:
        if entry.key not in known:
            told.append(entry)
        elif known[entry.key][0] != entry.digest:
            told.append(_edited(entry, known[entry.key][1]))
    return told


def moved(entries: Sequence[Entry], seen: Seen) -> Seen:
    """What stays seen when these ``entries`` come from another address: the very same texts. For the
    rest, an id of the one feed says nothing about the other."""
    now = {entry.key: entry.digest for entry in entries}
    return [one for one in seen if now.get(one[0]) == one[1]]


def remember(seen: Seen, entries: Sequence[Entry], told: Sequence[Entry]) -> Seen:
    """What is seen once ``told``, some of the feed's ``entries``, are handed on: all that the feed
    holds now, and of what it held before as much as 2,000 allow."""
    now = {entry.key for entry in entries}
    gone = [one for one in seen if one[0] not in now]
    here = {one[0]: one for one in seen if one[0] in now}
    here |= {entry.key: (entry.key, entry.digest, entry.source) for entry in told}
    room = max(0, len(gone) + len(here) - MAX_SEEN)
    return gone[room:] + list(here.values())


def _decoded(body: bytes, charset: str) -> str:
    """The feed as text. What is valid UTF-8 is UTF-8, whatever was declared: wrong declarations are
    common, and texts in other charsets are hardly ever valid UTF-8. A sign that was cut in two costs
    itself, not the feed."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    with suppress(UnicodeDecodeError):
        return body.decode()
    declared = _DECLARED.match(body[:400])
    best, fewest = "", len(body) + 1
    for codec in ["utf-8", *_named(declared[1].decode() if declared else "", charset, "cp949")]:
        text = body.decode(codec, "replace")
        broken = text.count("\ufffd")
        whole = len(text) - len(text.encode("ascii", "ignore")) - broken
        if broken * _WHOLE_EACH <= whole:
            return text
        if broken < fewest:
            best, fewest = text, broken
    return best


def _named(*names: str) -> list[str]:
    """The codecs of these names, as far as they are charsets; one of single bytes only where it is
    named first."""
    found: list[str] = []
    for name in names:
        with suppress(LookupError, ValueError):
            codec = codecs.lookup(name).name
            codec = _MEANT.get(codec, codec)
            if codec in _CHARSETS and not (found and codec in _ONE_BYTE):
                found.append(codec)
    return found


def _entry(entry: Mapping[str, Any], guid: str, source: str, kind: str, atom: bool) -> Entry | None:
    title = _words(entry.get("title", ""), _type(entry.get("title_detail"), atom))
    content = (entry.get("content") or [None])[0]
    summary = content or {**entry.get("summary_detail", {}), "value": entry.get("summary", "")}
    body = _words(summary.get("value", ""), _type(summary, atom))
    text = title if not body or body == title else f"{title}\n{body}" if title else body
    if not text:
        return None
    link = _CONTROL.sub("", str(entry.get("link", "")))
    guid = _CONTROL.sub("", guid)
    if not guid or len(guid.encode()) > MAX_GUID_BYTES:
        guid = _digest(guid or f"{link}\n{title}", 64)
    author = _words(str(entry.get("author", "")), "html")[:200]
    published = entry.get("published_parsed") or entry.get("updated_parsed")
    return Entry(
        _digest(guid, 24),
        _digest(text, 16),
        _digest(source, 16),
        Inbound(
            kind=kind,
            platform="rss",
            # A guid is only unique in its feed; two accounts on one feed see the same item.
            external_id=f"{_digest(source, 16)}:{guid}",
            text=text,
            created_at=_moment(published),
            current=True,
            url=link[:2_000],
            author=Author(author, author) if author else None,
        ),
    )


def _edited(entry: Entry, source: str) -> Entry:
    """The edit of the item that an entry became where its feed was then."""
    guid = entry.inbound.external_id.removeprefix(f"{entry.source}:")
    inbound = replace(entry.inbound, op="edit", external_id=f"{source}:{guid}")
    return replace(entry, source=source, inbound=inbound)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:length]


def _type(detail: Mapping[str, Any] | None, atom: bool) -> str:
    """What a text is: ``text`` where an Atom feed says so, ``html``, or ``guess``: RSS has no word for
    it, and feedparser takes for plain text what is also HTML."""
    plain = detail is not None and detail.get("type") == "text/plain"
    return "html" if not plain else "text" if atom else "guess"


def _words(markup: str, kind: str) -> str:
    """A text, of the kind that ``_type`` says, as the words that it shows."""

    def shown(tag: re.Match[str]) -> str:
        name = (tag[1] or "").lower()
        if name in _BLOCKS:
            return " "
        return tag[0] if kind == "guess" and name and name not in _INLINE else ""

    text = markup[:MAX_MARKUP_CHARS]
    if kind != "text":
        text = html.unescape(_TAG.sub(shown, text))
    lines = (_SPACE.sub(" ", line).strip() for line in _CONTROL.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def _moment(parsed: Any) -> datetime:
    """feedparser's UTC tuple as a time; now, where it has none or one that no calendar holds."""
    try:
        moment = datetime.fromtimestamp(timegm(parsed), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)
    return moment if 1990 <= moment.year <= datetime.now(UTC).year + 1 else datetime.now(UTC)
