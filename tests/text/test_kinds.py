"""Kinds of text in people's notes: what is one sentence, and what is shown but is no prose. Whole values, set by hand."""

import pytest

from bot.text.sentences import outline


def quotable(text: str) -> list[str]:
    return [text[slice(*span)] for span in outline(text).sentences]


@pytest.mark.parametrize(("text", "expected"), [
    ("맛있어요 ㅋㅋㅋ 근데 비싸요 ㅠㅠ 그래도 추천해요 👍 안녕히 계세요 :)",
     ["맛있어요 ㅋㅋㅋ", "근데 비싸요 ㅠㅠ", "그래도 추천해요 👍", "안녕히 계세요 :)"]),
    ("- 5. 18. 광주에 갔다.\n- 6. 25. 비가 왔다.", ["5. 18. 광주에 갔다.", "6. 25. 비가 왔다."]),
    ("2020. 3. 4. 맑음. 걸었다.", ["2020. 3. 4. 맑음.", "걸었다."]),
    ("[…] 표시는 줄였다는 뜻이다.", ["[…] 표시는 줄였다는 뜻이다."]),
    ("또 갈게요 ~~ 안녕히 계세요", ["또 갈게요 ~~", "안녕히 계세요"]),
    ("좋아요 ㅎㅎ 라고 했다", ["좋아요 ㅎㅎ", "라고 했다"]),
    ("웨이팅이 40분이었는데 하나도 안 아까웠어요👍👍\n국물이 진짜 진하더라구요ㅋㅋㅋ 남편은 두 그릇 먹음ㅋㅋ",
     ["웨이팅이 40분이었는데 하나도 안 아까웠어요👍👍", "국물이 진짜 진하더라구요ㅋㅋㅋ", "남편은 두 그릇 먹음ㅋㅋ"]),
    ("우리는 Docker를 썼다. It was fine. 그래서 계속 썼다. We never looked back. They did.",
     ["우리는 Docker를 썼다.", "It was fine.", "그래서 계속 썼다.", "We never looked back.", "They did."]),
    ("She eats it (김치). He drinks. They rest.", ["She eats it (김치).", "He drinks.", "They rest."]),
    ("“요샌 힘들어.” 고 씨는 손을 폈다.", ["“요샌 힘들어.”", "고 씨는 손을 폈다."]),
    ("숨었다.(김, 2010) 앉았다.¹⁾ 섰다.<sup>3</sup> 갔다.", ["숨었다.", "앉았다.", "섰다.", "갔다."]),
    ("다녀왔어요.&nbsp; 정말 좋았어요ㅎㅎ&nbsp;", ["다녀왔어요.", "정말 좋았어요ㅎㅎ"]),
    ("고추는 5월에 심는다 #고추 #기온", ["고추는 5월에 심는다"]),
    ("오늘은 쉽니다.\n\n          2022. 5. 11.\n          관리사무소", ["오늘은 쉽니다.", "2022. 5. 11.", "관리사무소"]),
])  # fmt: skip
def test_korean_notes(text: str, expected: list[str]) -> None:
    assert quotable(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("I love it 😊 We go again tomorrow 🎉 See you there!", ["I love it 😊", "We go again tomorrow 🎉", "See you there!"]),
    ("Really?! I can't. Can we vote on Thurs.? I'm away.", ["Really?!", "I can't.", "Can we vote on Thurs.?", "I'm away."]),
    ("The cat, Mr.\nBiscuit, was found. It slept.", ["The cat, Mr.\nBiscuit, was found.", "It slept."]),
    ("Sat. 18 April was wet. My record is 3 hrs. 12 min. at gate B7.",
     ["Sat. 18 April was wet.", "My record is 3 hrs. 12 min. at gate B7."]),
    ("Walked to Pt. Reyes. I read ch. 4 there.", ["Walked to Pt. Reyes.", "I read ch. 4 there."]),
    ("So do Kim et al. They say it rains. Bell et al. [2011] measured it.",
     ["So do Kim et al.", "They say it rains.", "Bell et al. [2011] measured it."]),
    ("He sat.(5) She stood.[^a] They left.†", ["He sat.", "She stood.", "They left."]),
    ("Text.[^3]\n\n[^3]: A diary was\n    lost in 1944.", ["Text.", "A diary was\n    lost in 1944."]),
    ("Diary\n\n    Mother phoned. I laughed.\n\n        stamps\n\nThe end.", ["Diary", "Mother phoned.", "I laughed.", "stamps", "The end."]),
    ("It was built in 1931. — Ann Lee, A History, vol. 2 (1994)", ["It was built in 1931. — Ann Lee, A History, vol. 2 (1994)"]),
    ("It was old. — He said so.", ["It was old.", "— He said so."]),
    ("See United States v. Google LLC, vol. 5, no. 1 (1997). It is long.",
     ["See United States v. Google LLC, vol. 5, no. 1 (1997).", "It is long."]),
    ("Look: ![a](b.jpg) It is red.<br>It is <b>old</b>.", ["Look:", "It is red.", "It is <b>old</b>."]),
])  # fmt: skip
def test_english_notes(text: str, expected: list[str]) -> None:
    assert quotable(text) == expected


@pytest.mark.parametrize("text", [
    "```\n# a comment\n```", "~~~py\nx = 1\n~~~", "    x = compute(1)\n    y = 2", "![[a.png]]", "![alt](a.png)", "<img src=a>", "<hr>",
    "#tag #another", "- [ ] an open task", "- [>] forwarded", "- [-] cancelled", "> [!note]- A title", "{{< figure src=a >}}", "&nbsp;",
    "{% include a.html %}", "[a](http://b.example)", "https://b.example/c", "- [[a note]]\n- [[another]]", "[1]: http://b.example",
    "<script>\nlet a = 'A sentence.';\n</script>", "<style>\np { color: red }\n</style>", "<pre>\nA line.\n</pre>", "$$\n\\log S\n$$",
    "{% highlight ruby %}\nputs 'bye'\n{% endhighlight %}", "{: .notice}", "*[dB]: decibel", ":::note", '!!! warning "Careful"',
    "Status:: #seedling", "[TOC]", "*by Tomasz Wilk, Nov. 2016*", "---", "| a | b |\n|---|---|",
])  # fmt: skip
def test_what_is_no_prose_stays_in_the_text_and_is_not_quotable(text: str) -> None:
    assert quotable(text) == []
    assert quotable(f"Before it.\n\n{text}\n\nAfter it.") == ["Before it.", "After it."]


@pytest.mark.parametrize("text", [
    "By noon the ferry left.", "C# is a language.", "1984 was read twice.", "The tag #blue is old.", "[Anna] came late.", "x < y and y > z.",
    "AT&T grew; the R&D did not.", "He paid $5 and $6.", "5 * 3 is fifteen.", "Note: it rains.", "<3 it all.", "She wrote {curly} words.",
])  # fmt: skip
def test_prose_with_signs_stays_prose(text: str) -> None:
    assert quotable(text) == [text]
