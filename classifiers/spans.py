"""The pieces of a text that say where: by the endings that Korean and English give to places."""

from __future__ import annotations

import re

from hub.model.labels import Span

MAX_CHARS = 4_000
MAX_SPANS = 8

_PARTICLE = (
    r"(?=(?:에서|에는|에도|에게|에선|에|의|은|는|이|가|을|를|으로|로|과|와|도|까지|부터|쪽|앞|뒤|옆|내|근처|인근|부근"
    r"|사거리|입구|주변|일대)?(?:[^가-힣]|$)|(?:에서|에는|에|의|앞|뒤|옆|근처|인근|부근|쪽|까지|부터|일대|주변))"
)
_KOREAN = re.compile(
    r"(?:[가-힣]{1,5}구\s)?"
    r"(?<![가-힣])(?:"
    r"[가-힣]{2,8}(?:대로|로|길)\s?\d{1,4}(?:번?길)?(?:\s?\d{1,4}(?:-\d{1,3})?)?"
    r"|[가-힣]{1,6}\d{0,2}(?:동|가)\s\d{1,4}(?:-\d{1,4})?(?:번지)?"
    r"|[가-힣0-9]{2,10}(?:역|대교|터널|지하차도|고가|사거리|삼거리|오거리|교차로|시장|공원|초등학교|중학교|고등학교"
    r"|대학교|병원|주민센터|도서관|아파트|광장|하천|천|산|숲|한강지구)(?:\s?\d{1,2}번\s?출구)?"
    r"|[가-힣]{1,6}\d{0,2}동|[가-힣]{1,5}구"
    r")" + _PARTICLE
)
_ENGLISH = re.compile(
    r"\b(?:\d{1,5}\s)?(?:[A-Z][\w'.-]*\s){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Park|Square"
    r"|Sq|Station|Bridge|Lane|Ln|Drive|Dr|Place|Pl|Terrace|Court|Ct|Way|Market|School|Palace)\b"
    r"(?:\s(?:and|&|at)\s(?:[A-Z][\w'.-]*\s?){1,3})?"
    r"|\b[A-Z][a-z]+(?:-|\s)(?:gu|dong|ro|gil|daero)\b(?:\s\d{1,4})?"
)
# Words that end like places and are none.
_NO_PLACE = re.compile(
    r"^(?:.{0,3}(?:요구|연구|도구|친구|누구|기구|가구|입구|출구|인구|지구|전구|축구|야구|농구|배구|영구|복구|촉구|호구|대구)"
    r"|.{0,4}(?:활동|운동|행동|이동|자동|노동|아동|감동|충동|변동|소동|작동|출동|진동|공동|연동|부동|유동|난동|구동|합동|태동|반동)"
    r"|등산|예산|생산|재산|부산|계산|출산|자산|정산|환산|지역|구역|영역|전역|광역|용역|무역|교역|방역|면역|통역|주역|현역|공원"
    r"|시장|현장|공장|입장|주장|포장|농장|직장|우천|실천|추천|하천|인천|춘천|그 ?동)$"
)
_CITY = re.compile(r"^(?:서울(?:특별)?시?|한국|대한민국)$")


def find_spans(text: str) -> tuple[Span, ...]:
    """At most eight pieces, the longest first among equals, in the order of the text.

    ``text[start:end]`` is the piece.
    """
    found: list[Span] = []
    for pattern in (_KOREAN, _ENGLISH):
        for match in pattern.finditer(text[:MAX_CHARS]):
            piece = match.group().strip()
            if len(piece) < 2 or _NO_PLACE.match(piece) or _CITY.match(piece):
                continue
            start = match.start() + match.group().index(piece)
            found.append(Span(piece, start, start + len(piece)))
    found.sort(key=lambda span: span.start)
    return tuple(found[:MAX_SPANS])
