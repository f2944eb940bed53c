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
# What follows a number that counts something, so that "이름으로 30명" is no street.
_COUNTED = (
    r"(?!\d|[,.]\d|\s?(?:만|억|천|개|명|원|년|월|일|시|분|%|위|차|회|배|건|대|세|살|여|점|조|호선))"
)
_KOREAN = re.compile(
    r"(?:[가-힣]{1,5}구\s)?"
    r"(?<![가-힣])(?:"
    r"[가-힣]{1,7}(?:대로|(?<!으)(?<!유)로|길)\s?\d{1,4}"
    + _COUNTED
    + r"(?:번?길)?(?:\s?\d{1,4}(?:-\d{1,3})?)?"
    r"|[가-힣]{1,6}(?:\d{0,2}동|\d가)\s\d{1,4}" + _COUNTED + r"(?:-\d{1,4})?(?:번지)?"
    r"|[가-힣0-9]{1,10}(?:역|대교|교차로|터널|지하차도|고가도로|고가|사거리|삼거리|오거리|시장|공원|초등학교|중학교|고등학교"
    r"|대학교|병원|주민센터|도서관|아파트|광장|하천|천|산|숲|숲길|한강지구|경기장|체육관|문화회관|박물관|미술관|터미널"
    r"|순환센터|구청|시청|보건소|선착장|휴양림|[가-힣]{2}궁|뉴타운|전시관|국립공원|[가나마바사아자차카타파하]교)(?:\s?\d{1,2}번\s?출구)?"
    r"|[가-힣]{1,6}\d{0,2}동|[가-힣]{1,5}구"
    r")" + _PARTICLE
)
_ENGLISH = re.compile(
    r"\b(?:\d{1,5}(?:-\d{1,5})?\s)?(?:[A-Z][\w'.-]*\s|[EWNS]\.?\s|\d{1,3}(?:st|nd|rd|th)\s){1,3}"
    r"(?i:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Park|Square|Sq|Station|Bridge|Lane|Ln|Drive|Dr|Place|Pl"
    r"|Terrace|Ter|Court|Ct|Way|Market|School|Palace|Playground|Library|Church|Hospital|Parkway|Pkwy|Circle|Garden"
    r"|Common|Plaza|Highway|Hwy|Alley|Towers|Apartments|Field)\b(?!\.?\s[Ll]ight)"
    r"(?:\s(?:and|&|at)\s(?:[A-Z][\w'.-]*\s)?[A-Z][\w'-]*)?"
    r"|\b\d{1,5}\s(?:[a-z]+\s){1,2}(?i:street|st|avenue|ave|road|rd|sq|place|lane|drive|terrace)\b"
    r"|\b[A-Z][a-z]+(?:-|\s)(?:gu|dong|ro|gil|daero)\b(?:\s\d{1,4})?"
)
# Words that end like places and are none.
_NO_PLACE = re.compile(
    r"^(?:.{0,4}(?:요구|연구|도구|친구|누구|기구|가구|입구|출구|인구|지구|전구|축구|야구|농구|배구|영구|복구|촉구|호구|대구|문구"
    r"|창구|마구|추구|욕구|파구|비상구|배수구|하수구|구구|리구|좋구|하구|있구|청구)"
    r"|.{0,6}(?:활동|운동|행동|이동|자동|노동|아동|감동|충동|변동|소동|작동|출동|진동|공동|연동|부동|유동|난동|구동|합동|태동|반동"
    r"|거동|가동|시동|율동|언동|선동|파동|약동)"
    r"|.{0,6}(?:등산|예산|생산|재산|부산|계산|출산|자산|정산|환산|동산|국산|유산|확산|분산|청산|해산|결산|추산|도산|파산|수산|전산"
    r"|한국산|중국산|일본산)"
    r"|.{0,6}(?:지역|구역|영역|전역|광역|용역|무역|교역|방역|면역|통역|주역|현역|환승역|지하철역|전철역|기차역|병역|고역|징역|번역)"
    r"|.{0,6}(?:현장|공장|입장|주장|포장|농장|직장)|(?:.{0,5}(?:서울|주식|노동|부동산|재래|전통|이명박|박원순|자본))?시장"
    r"|(?:근린|국립|도시|생태|어린이|시민|동네|인근)?공원|.{0,4}(?:우천|실천|추천|하천|원천|개천|인공천|인천|춘천|천천)"
    r"|(?:요양|난임|다른|안심|종합|대학|모|타|동물|정신|한방|일반|민간|공공)?병원|(?:임대|공공임대|우리|저희|모든|민간|일반|재건축)?아파트"
    r"|(?:놀이|여자|대형|공공|작은|국립|시립|구립|일반|자치|관할|해당)?(?:대학교|도서관|초등학교|중학교|고등학교|터미널|구청|체육관|박물관|미술관|터널|고가)"
    r"|.{0,3}(?:종교|비교|학교|폐교|등교|하교|외교|타교|자교|설교|전교|대교|사고가|자치구|해고가|식구|측구)|그 ?동)$"
)
_CITY = re.compile(r"^(?:서울(?:특별)?시?|한국|대한민국)$")


def find_spans(text: str) -> tuple[Span, ...]:
    """At most eight pieces, the longest first among equals, in the order of the text.

    ``text[start:end]`` is the piece.
    """
    found: list[Span] = []
    patterns = [_ENGLISH] if text.isascii() else [_KOREAN, _ENGLISH]
    for pattern in patterns:
        for match in pattern.finditer(text[:MAX_CHARS]):
            piece = match.group().strip()
            if len(piece) < 2 or _NO_PLACE.match(piece) or _CITY.match(piece):
                continue
            start = match.start() + match.group().index(piece)
            found.append(Span(piece, start, start + len(piece)))
    found.sort(key=lambda span: span.start)
    return tuple(found[:MAX_SPANS])
