"""Feeds' bytes: formats, charsets, edits, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.platforms.rss.parse import MalformedFeed, news, parse, remember
from tests.connectors.conftest import Post, rss_of

SOURCE = "https://blog.example.org/feed"

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:t</id>
<entry><id>urn:2</id><title>둘</title><updated>2026-03-02T10:00:00+09:00</updated>
  <author><name>김 &amp; 이</name></author><link href="https://example.org/2"/>
  <content type="html">
  &lt;p&gt;가로등이&lt;br&gt;꺼졌어요 &amp;amp; 어두워요&lt;/p&gt;</content></entry>
<entry><id>urn:1</id><title>하나</title><updated>2026-03-01T10:00:00+09:00</updated></entry>
</feed>"""

KOREAN = (
    '<rss version="2.0"><channel><item><guid>1</guid><title>보도블록</title></item></channel></rss>'
)


def titles(body: bytes, charset: str = "") -> list[str]:
    return [entry.inbound.text for entry in parse(body, SOURCE, charset=charset)]


def test_atom_is_read_oldest_first_as_the_words_that_it_shows() -> None:
    first, second = parse(ATOM.encode(), SOURCE)
    assert first.inbound.text == "하나"
    assert second.inbound.text == "둘\n가로등이 꺼졌어요 & 어두워요"
    assert second.inbound.created_at == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert second.inbound.url == "https://example.org/2"
    assert second.inbound.author is not None
    assert second.inbound.author.name == "김 & 이"


def atom_of(title: str, kind: str) -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>'
        f'<title type="{kind}">{title}</title></entry></feed>'
    ).encode()


def body_of(description: str) -> bytes:
    item = f"<item><guid>1</guid><description>{description}</description></item>"
    return f'<rss version="2.0"><channel>{item}</channel></rss>'.encode()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (rss_of([Post("1", "<공지> 도로 통제")]), "<공지> 도로 통제"),
        (rss_of([Post("1", "<Notice> road closed")]), "<Notice> road closed"),
        (rss_of([Post("1", "1 < 2, 3 > 2")]), "1 < 2, 3 > 2"),
        (rss_of([Post("1", "<b>강남</b>역<br>2번 출구")]), "강남역 2번 출구"),
        (rss_of([Post("1", "물 &amp; 전기 <공지>")]), "물 & 전기 <공지>"),
        (body_of("<![CDATA[<긴급> 누수 <A동 301호>]]>"), "<긴급> 누수 <A동 301호>"),
        (body_of("<![CDATA[<b>강남</b>역<o:p></o:p>입니다<!-- <x> -->]]>"), "강남역입니다"),
        (
            body_of("&lt;p&gt;하나&lt;/p&gt;&lt;p&gt;둘 &amp;lt;셋&amp;gt;&lt;/p&gt;"),
            "하나 둘 <셋>",
        ),
        (body_of("<![CDATA[하나<br>둘]]>"), "하나 둘"),
        (atom_of("&lt;Notice&gt; &lt;b&gt; &amp;amp;", "text"), "<Notice> <b> &amp;"),
        (atom_of("&lt;공지&gt; &lt;i&gt;강남&lt;/i&gt;역 &amp;amp;", "html"), "<공지> 강남역 &"),
    ],
)
def test_only_tags_are_taken_out_and_no_words(body: bytes, shown: str) -> None:
    assert titles(body) == [shown]


def test_rdf_and_cdata_and_entries_without_an_id_are_read() -> None:
    rdf = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/"><item><title><![CDATA[a <b>b</b> <!DOCTYPE x>]]></title>
        <link>https://example.org/1</link></item></rdf:RDF>"""
    [entry] = parse(rdf, SOURCE)
    assert entry.inbound.text == "a b"
    assert entry.key == parse(rdf, SOURCE)[0].key
    assert entry.inbound.external_id != parse(rdf, "https://other.example/")[0].inbound.external_id


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (KOREAN.encode(), ""),
        (KOREAN.encode(), "iso-8859-1"),  # what a server says of everything
        (KOREAN.encode("utf-8-sig"), ""),
        (KOREAN.encode("utf-16"), ""),
        (KOREAN.encode("cp949"), "EUC-KR"),
        (KOREAN.encode("cp949"), ""),
        (b'<?xml version="1.0" encoding="euc-kr"?>' + KOREAN.encode("euc-kr"), "utf-8"),
        (b'<?xml version="1.0" encoding="euc-kr"?>' + KOREAN.encode(), ""),
        (b'<?xml version="1.0" encoding="zlib"?>' + KOREAN.encode("cp949"), "punycode"),
    ],
)
def test_charsets_declared_rightly_and_wrongly(body: bytes, charset: str) -> None:
    assert titles(body, charset) == ["보도블록"]


def test_bytes_of_no_charset_at_all_still_give_the_rest() -> None:
    body = KOREAN.replace("보도블록", "ok ?").encode().replace(b"?", b"\xff\xfe\xff")
    [text] = titles(body)
    assert text.startswith("ok")


@pytest.mark.parametrize(
    ("declared", "header"),
    [
        *(("euc-kr", ""), ("euc-kr", "iso-8859-1"), ("ks_c_5601-1987", ""), ("cp949", "euc-kr")),
        *(("utf-8", ""), ("utf-8", "iso-8859-1"), ("", ""), ("", "euc-kr")),
    ],
)
def test_one_sign_cut_in_two_costs_its_entry_alone(declared: str, header: str) -> None:
    codec = "utf-8" if declared == "utf-8" else "cp949"
    body = rss_of(
        [Post("1", "보도블록이 깨졌어요"), Post("2", "가로등?"), Post("3", "똠방각하 펲시")]
    )
    body = body.decode().encode(codec).replace(b"?", "가".encode(codec)[:1])
    if declared:
        body = f'<?xml version="1.0" encoding="{declared}"?>'.encode() + body
    whole, cut, last = titles(body, header)
    assert (whole, last) == ("보도블록이 깨졌어요", "똠방각하 펲시")
    assert cut.startswith("가로등")


GROWING = (f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
LAUGHS = f"<!DOCTYPE r [<!ENTITY a 'ha'>{''.join(GROWING)}]>"
FILE = '<!DOCTYPE r [<!ENTITY i SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [LAUGHS, FILE, FILE.replace("DOCTYPE", "doctype")])
@pytest.mark.parametrize("before", ["", "<?xml version='1.0'?>", " <!-- <rss> --> <?x y?>\n"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_doctype_is_refused_however_it_is_written(doctype: str, before: str, codec: str) -> None:
    body = before + doctype + KOREAN.replace("보도블록", "&i;")
    with pytest.raises(MalformedFeed) as refused:
        parse(body.encode(codec), SOURCE)
    assert refused.value.code == "feed.doctype"


def test_a_doctype_hidden_in_a_charset_expands_nothing() -> None:
    hidden = LAUGHS.replace("<", "+ADw-").replace("&", "+ACY-").encode()
    body = b"<?xml version='1.0' encoding='utf-7'?>" + hidden + KOREAN.encode()
    assert titles(body) == ["보도블록"]


def test_an_entity_that_nobody_declared_stays_words() -> None:
    [text] = titles(KOREAN.replace("보도블록", "a &xxe; b").encode())
    assert "root:" not in text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "feed.malformed"),
        (b"not xml", "feed.malformed"),
        (b"{}", "feed.malformed"),
        (b"<rss version='2.0'><channel><item><title>cut of", "feed.malformed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "feed.malformed"),
        (KOREAN.encode("utf-16-le"), "feed.malformed"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 100, "feed.malformed"),
        (b"<!doctype html><html><title>Login</title></html>", "feed.html"),
        (b"\n<html><body>Sign in</body></html>", "feed.html"),
    ],
)
def test_what_is_no_feed_is_refused_with_its_code(body: bytes, code: str) -> None:
    with pytest.raises(MalformedFeed) as refused:
        parse(body, SOURCE)
    assert refused.value.code == code


def test_a_body_that_names_a_file_does_not_open_it(tmp_path: Path) -> None:
    secret = tmp_path / "feed.xml"
    secret.write_bytes(rss_of([Post("1", "a file of this machine")]))
    with pytest.raises(MalformedFeed):
        parse(str(secret).encode(), SOURCE)


def test_a_feed_cut_short_gives_its_whole_entries() -> None:
    body = rss_of([Post("1", "one"), Post("2", "two"), Post("3", "three")])
    assert "three" in titles(body[: body.index(b"<guid>1")])


def test_signs_that_postgresql_cannot_keep_are_dropped() -> None:
    [entry] = parse(rss_of([Post("a\x00b\x0bc", "x\x00y\x1fz")]), SOURCE)
    assert "\x00" not in entry.inbound.text + entry.inbound.external_id
    assert "\x1f" not in entry.inbound.text


def test_long_ids_and_dates_of_no_calendar() -> None:
    post = Post("가" * 5_000, "text", date_s=250_000_000_000.0)
    [entry] = parse(rss_of([post]), SOURCE)
    assert len(entry.inbound.external_id.encode()) < 600
    assert abs((entry.inbound.created_at - datetime.now(UTC)).total_seconds()) < 60


def test_markup_without_an_end_takes_no_longer_than_other_markup() -> None:
    for piece in ("<", "<!--", "<a ", "<a:"):
        [entry] = parse(rss_of([Post("1", "begin " + piece * 50_000)]), SOURCE)
        assert len(entry.inbound.text) <= 200_000


def test_one_id_for_all_entries_is_no_id() -> None:
    body = rss_of([Post("same", "one"), Post("same", "two")])
    assert len({entry.key for entry in parse(body, SOURCE)}) == 2


def test_an_entry_that_is_listed_twice_is_one() -> None:
    one, two = Post("1", "one"), Post("2", "two")
    entries = parse(rss_of([one, two]), SOURCE)
    pinned = parse(rss_of([one, two, one]), SOURCE)
    assert [entry.key for entry in pinned] == [entry.key for entry in entries]
    assert news(pinned, remember([], entries, entries)) == []


def test_news_are_new_keys_and_changed_texts_never_dates() -> None:
    first = parse(rss_of([Post("1", "one"), Post("2", "two")]), SOURCE)
    seen = remember([], first, news(first, []))
    late = parse(rss_of([Post("0", "older", 1.0e9), Post("1", "ONE"), Post("2", "two")]), SOURCE)
    assert [(e.inbound.op, e.inbound.text) for e in news(late, seen)] == [
        ("create", "older"),
        ("edit", "ONE"),
    ]
    seen = remember(seen, late, news(late, seen))
    assert news(late, seen) == []


def test_what_the_feed_holds_is_never_forgotten_and_the_rest_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.platforms.rss.parse.MAX_SEEN", 40)
    old = parse(rss_of([Post(str(n), f"old {n}") for n in range(40)]), SOURCE)
    seen = remember([], old, old)
    new = parse(rss_of([Post("0", "old 0"), *(Post(f"n{n}", "new") for n in range(15))]), SOURCE)
    seen = remember(seen, new, news(new, seen))
    assert len(seen) == 40
    assert news(new, seen) == []
    assert news(old[-24:], seen) == []
    many = parse(rss_of([Post(f"m{n}", "many") for n in range(60)]), SOURCE)
    seen = remember(seen, many, many)
    assert news(many, seen) == []


def test_a_part_that_was_handed_on_is_all_that_is_remembered() -> None:
    entries = parse(rss_of([Post(str(n), f"{n}") for n in range(10)]), SOURCE)
    seen = remember([], entries, entries[:4])
    assert [e.inbound.text for e in news(entries, seen)] == [str(n) for n in range(4, 10)]
