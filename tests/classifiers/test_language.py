"""A hundred lines in five languages, as people write to a city."""

from __future__ import annotations

import pytest

from classifiers.language import language

LINES = {
    "ko": """
가로등이 꺼졌어요
버스가 30분째 안 옵니다
쓰레기 수거 부탁드립니다
강남역 2번 출구 에스컬레이터 고장
따릉이 앱에서 QR 인식이 안 돼요
층간소음 때문에 잠을 못 자요
CCTV 설치해 주세요
놀이터 그네가 부서졌습니다
여기 주차 단속 좀 해 주세요
ㅠㅠ 물이 안 나와요
시청 홈페이지 login 오류가 납니다
아이가 다칠까 봐 걱정돼요
감사합니다
도로에 구멍이 났어요!!!
제설 작업은 언제 하나요?
Wi-Fi가 안 됩니다
코로나 검사는 어디서 받나요
공원에 벤치가 부족합니다
택시 기사님이 친절했어요
民願 처리가 너무 늦습니다
""",
    "en": """
The street light is out
Bus never came this morning
Please pick up the trash on Elm Street
Pothole
Cars are parked on the sidewalk
There is graffiti on the bridge
My water bill is wrong
When does the library open?
Dead raccoon in the road
The escalator at Gangnam station is broken
Thank you for fixing the swing
Need more bike lanes
It smells like gas here
No heat in the building since Monday
Snow has not been plowed
Loud music every night from the bar
How do I renew my permit?
Tree fell on a car
Overflowing trash can near the park
Someone is blocking my driveway
""",
    "zh": """
路灯坏了
公交车一直不来
请清理垃圾
这里经常有人违章停车
水管漏水了
噪音太大,睡不着
地铁电梯坏了
请问图书馆几点开门
路面有个大坑
公园的长椅坏了
街道積水嚴重
請增加自行車道
空气污染很严重
孩子上学的路很危险
谢谢你们的帮助
垃圾桶满了
流浪狗很多
我想申请补助
下雪后路很滑
信号灯时间太短
""",
    "ja": """
街灯が消えています
バスが来ません
ゴミを回収してください
違法駐車が多いです
水道管から水が漏れています
騒音がひどくて眠れません
駅のエレベーターが故障しています
図書館は何時に開きますか
道路に穴があります
公園のベンチが壊れている
雨で道が冠水しました
自転車レーンを増やしてほしい
空気が悪いです
ありがとうございます
野良犬がいます
補助金を申請したい
雪で滑ります
信号が短すぎる
トイレが汚い
英語の案内を付けてください
""",
    "vi": """
Đèn đường bị hỏng
Xe buýt không đến
Xin hãy dọn rác ở đây
Có nhiều xe đỗ trái phép
Ống nước bị rò rỉ
Tiếng ồn quá lớn, tôi không ngủ được
Thang máy ở ga tàu điện bị hỏng
Thư viện mở cửa lúc mấy giờ?
Mặt đường có ổ gà lớn
Ghế trong công viên bị gãy
Đường bị ngập nước sau mưa
Cần thêm làn đường cho xe đạp
Không khí rất ô nhiễm
Cảm ơn các bạn đã giúp đỡ
Có chó hoang trên phố
Tôi muốn xin trợ cấp
Đường trơn vì tuyết
Đèn tín hiệu quá ngắn
Nhà vệ sinh rất bẩn
Tôi cần giúp đỡ về giấy tờ
""",
}


@pytest.mark.parametrize(
    ("code", "line"),
    [(code, line) for code, lines in LINES.items() for line in lines.strip().split("\n")],
)
def test_the_language_of_a_line(code: str, line: str) -> None:
    assert language(line).code == code


def test_there_are_a_hundred() -> None:
    assert [len(lines.strip().split("\n")) for lines in LINES.values()] == [20] * 5


@pytest.mark.parametrize("text", ["", "12345", "😀", "???", "\ud800"])
def test_without_letters_nothing_is_said(text: str) -> None:
    assert language(text).code == "und"


def test_an_unknown_language_is_not_taken_for_a_known_one() -> None:
    lines = "La farola de nuestra calle lleva tres semanas apagada", "Уличный фонарь не работает"
    assert [language(line).code for line in lines] == ["und", "und"]
