"""The bundled essays: their form, their sources, and every claim of the retelling."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from bot.indexing.loader import load_essays
from bot.schema import Essay
from bot.text.language import language_of
from tests.places import ROOT

CORPUS = ROOT / "corpus"
FILES = sorted(CORPUS.glob("*.??.md"))
FACTS = "## 사실과 출처 / Facts and sources"
FACT = re.compile(r"- .+ — .+ \((?:c\. )?\d{3,4}(?:[–-]\d{2,4})?\)")
BLOG = CORPUS.parent.parent / "shared" / "data" / "blog"
MAX_SHARED_CHARACTERS = 24  # consecutive characters that an essay may have in common with the blog post

# One phrase for each claim of the blog post: Korean, English.
CLAIMS = [
    ("유현준 교수의 강연 영상", "lecture video by professor Yu Hyun-jun"),
    ("어지간한 책보다", "than from most books"),
    ("양쪽으로 50미터짜리 완만한 비탈", "a gentle slope of fifty metres on both sides"),
    ("사람 수십 명이 달라붙어", "dozens of people haul the stone"),
    ("흙을 모조리 걷어 내면", "all the earth is cleared away"),
    ("싸울 마음을 잃는다", "loses the will to fight"),
    ("글쓴이는 기억나는 것만 든다", "only the examples that come to memory"),
    ("엠파이어스테이트 빌딩과 쌍둥이 빌딩, 중국의 CCTV, 부르즈 칼리파", "the Empire State Building, the Twin Towers, China's CCTV, the Burj Khalifa"),
    ("겨루는 나라가 뚜렷할 때 올라가고", "go up while a rival country is clearly in view"),
    ("더는 지어지지 않는다고 한다", "once that rivalry is settled they are no longer built"),
    ("위치에너지를 셈하면 3.4배쯤 벌어진다는데", "the two differ by about 3.4 times"),
    ("주가마저 3.4배 벌어진다는 말", "the share prices, the writer hears, differ by 3.4 times"),
    ("꼭대기에 얼마나 무거운 것을 얹느냐", "How heavy a thing stands on top"),
    ("건축의 눈으로 본 견해", "the architect's view"),
    ("틀어 올린 상투나 머리에 쓴 갓", "the topknot of Joseon, and the gat worn over it"),
    ("2022년 말쯤 생성형 AI가 본격적으로", "generative AI got going in earnest around the end of 2022"),
    ("알고리즘별로, 분야별로, 과제별로", "by algorithm, by domain and by task"),
    ("대표가 YOLO였는데", "YOLO above all"),
    ("무엇이 살아남느냐를 몸집이 정하지는 않았다", "size was not what decided"),
    ("저자가 어느 기관에 있는지", "the authors' institutions"),
    ("혼돈의 시대", "an age of chaos"),
    ("알맞은 수의 파라미터로 가장 좋은 성능", "the best performance out of a moderate number of parameters"),
    ("그 시점을 2019년으로 읽는다", "the writer puts it in 2019"),
    ("남의 자랑은 서로 믿지 못하던", "still nobody trusted anyone else"),
    ("겨우 2년 전 일", "only two years ago"),
    ("아마 고인돌에 빗댈 만한 때가 아닐까", "perhaps, the writer asks, this is the time that the dolmen pictures"),
    ("따로 연구할 것 없다고 외치는 듯하다", "nobody else should research it separately"),
    ("소스를 공개하고 학습 코드까지", "open source and putting up training code"),
    ("내준 쪽의 자리가 한층 단단해지는", "the givers' standing probably grows firmer"),
    ("글쓴이의 짐작이다", "that is the writer's guess"),
    ("GPT-4, 빙, 바드 같은 것들이 1조에 가까운 파라미터", "GPT-4, Bing, Bard and the like have close to one trillion parameters"),
    ("학습에만 수백억 원", "tens of billions of won for training alone"),
    ("그것을 홍보까지 한다", "this is even advertised"),
    ("과시의 시대는 아직 끊기지 않았다", "The age of showing off lives on"),
    ("경이로움을 안겼다고 한다", "made the people settled there feel awe"),
    ("몽골은 모두 쓸어버리고는 그냥 떠났다고", "have swept everything away and simply left"),
    ("천 년을 간 시대와 백 년에 그친 시대", "an age of a thousand years and an age of a hundred"),
    ("몽골 기병대와 비슷했다", "like the Mongol cavalry"),
    ("비유가 살짝 어긋난다는 것을 웃으며 인정", "The comparison is slightly off, the writer admits with a laugh"),
    ("로마의 천 년을 되살리려고", "to re-enact Rome's thousand years"),
    ("MS 오피스와 AI 도구가 한 몸이 될", "MS Office and an AI tool will presumably be joined"),
    ("챗GPT와 빙챗도 여러 생태계를", "ChatGPT, Bing Chat and others are also building various ecosystems"),
    ("챗GPT API에 묶여 벌써 돈을 낸다", "tied to the ChatGPT API and are already paying"),
    ("로마에 바치는 공납 같은 것일까", "something like tribute sent to Rome"),
    ("지난 10년의 로마는 구글", "Google as the Rome of the last ten years"),
    ("인터넷(크롬)과 광고, 유튜브", "the internet (Chrome), advertising, YouTube"),
    ("시가총액에서는 MS가 앞질렀지만 이 대목은 잘 모르겠다고", "MS has overtaken it, though here the writer is not sure"),
    ("1990년대부터 윈도가 세상을 휘어잡았으니", "Windows ruled the world from the 1990s"),
    ("그 절반인 오백 년", "half of them, five hundred"),
    ("길게 내다보고 투자하려면", "invest for the long run"),
    ("달러로 그 회사 주식을 사는", "stock in US dollars"),
    ("고민해 보겠다고", "it will take some thinking"),
    ("나라가 아니라 기업이 세상을 이끌리라고", "why companies rather than states will lead"),
    ("빅테크의 위험성을 다룬 연설이 있었으나 내용은 기억나지 않는다", "a talk on the danger of big tech, but the writer cannot remember it"),
    ("원문을 텍스트 파일로 자기 서가에", "put the original post as a text file on their own shelf"),
]  # fmt: skip


@cache
def essays() -> dict[str, Essay]:
    return {essay.id: essay for essay in load_essays([CORPUS]).essays}


def parts(path: Path) -> tuple[dict[str, str], str, str]:
    """The front matter, the body, and the list of facts and sources."""
    _, front, text = path.read_text(encoding="utf-8").split("---\n", 2)
    body, facts = text.split(FACTS)
    return yaml.safe_load(front), body, facts


def test_every_essay_file_is_loaded_and_no_other() -> None:
    assert set(essays()) == {path.name.removesuffix(".md") for path in FILES}
    assert [Path(skipped.path).name for skipped in load_essays([CORPUS]).skipped] == ["README.md"]


def test_there_are_enough_essays_in_both_languages() -> None:
    own_essays = [essay for essay in essays().values() if essay.kind == "essay"]
    assert len(own_essays) >= 16
    assert sum(essay.language == "ko" for essay in own_essays) >= 8
    assert sum(essay.language == "en" for essay in own_essays) >= 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_essay_has_the_required_form(path: Path) -> None:
    front, body, _ = parts(path)
    assert set(front) == {"title", "author", "date", "language", "source", "kind", "summary"}
    assert len(front["summary"]) == len(set(front["summary"])) == 5
    assert [body.count(sentence) for sentence in front["summary"]] == [1] * 5
    assert front["author"] == "Dolmen"
    assert re.fullmatch(r"2026-\d\d-\d\d", str(front["date"]))
    assert path.name.endswith(f".{front['language']}.md")
    assert language_of(body) == front["language"]
    assert front["kind"] == ("retelling" if path.name.startswith("dolmen-rome-ai") else "essay")
    words = len(body.split())
    assert 600 <= words <= 1500
    assert not re.search(r"^# |\*\*|\]\(|<[a-z]", body, re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_of_facts_has_a_source(path: Path) -> None:
    lines = parts(path)[2].strip().split("\n")
    assert len(lines) >= 8
    assert [line for line in lines if not FACT.fullmatch(line)] == []


def test_the_retelling_is_named_as_one() -> None:
    korean, english = essays()["dolmen-rome-ai.ko"], essays()["dolmen-rome-ai.en"]
    assert "다시 쓴 글" in korean.title
    assert "a retelling" in english.title
    assert "다시 쓴" in korean.source
    assert "retelling" in english.source


@pytest.mark.parametrize(("korean", "english"), CLAIMS, ids=[english[:30] for _, english in CLAIMS])
def test_the_retelling_contains_every_claim(korean: str, english: str) -> None:
    assert korean in essays()["dolmen-rome-ai.ko"].text
    assert english in essays()["dolmen-rome-ai.en"].text


def shared_run(text: str, post: str) -> str:
    """The first run of characters of `text` that is in `post` and longer than allowed, or an empty string."""
    text, post, length = " ".join(text.split()), " ".join(post.split()), MAX_SHARED_CHARACTERS + 1
    runs = (text[start : start + length] for start in range(len(text) - length + 1))
    return next((run for run in runs if run in post), "")


def test_a_shared_run_is_found() -> None:
    assert shared_run("a" * 25, "b" + "a" * 25) == "a" * 25
    assert shared_run("a" * 25, "a" * 24) == ""


@pytest.mark.skipif(not BLOG.is_dir(), reason="the blog post is not beside this checkout")
@pytest.mark.parametrize("path", [*FILES, CORPUS / "analogies.yaml"], ids=lambda path: path.name)
def test_no_sentence_is_from_the_blog_post(path: Path) -> None:
    post = "\n".join(file.read_text(encoding="utf-8") for file in BLOG.glob("*.txt"))
    assert shared_run(path.read_text(encoding="utf-8"), post) == ""
