"""Which analogies of the map a question is about."""

import pytest

from bot.indexing.analogies import Analogy, load
from bot.indexing.loader import load_essays
from bot.retrieval.map_search import analogies_about, asks_for_all_analogies
from tests.places import ROOT


@pytest.fixture(scope="module")
def bundled() -> tuple[Analogy, ...]:
    essays = {essay.id: essay for essay in load_essays([ROOT / "corpus"]).essays}
    return load(ROOT / "corpus" / "analogies.yaml", essays)


ROMES = ["rome-platforms", "google-rome", "windows-rome"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("고인돌과 파라미터 경쟁은 어디까지 닮았나요?", ["dolmen-parameters"]),
        ("고인돌이 AI랑 무슨 상관이야?", ["dolmen-parameters"]),
        ("where does the Rome analogy break?", ROMES),
        ("로마 비유는 어디서 깨져?", ROMES),
        ("로마 이야기는 어디에서 어긋나나요?", ROMES),
        ("compare the Romes", ROMES),
        ("몽골이랑 옛날 AI가 왜 비슷하다는 거야", ["mongols-models"]),
        ("where does the Mongol comparison break down?", ["mongols-models"]),
        ("왜 구글이 로마라는 거죠?", ["google-rome"]),
        ("Was Windows a Rome?", ["windows-rome"]),
        ("로마와 마이크로소프트는 무엇이 같은가요?", ["rome-platforms"]),
        ("Is the API fee really tribute?", ["tribute-fees"]),
        ("API 요금을 공납에 빗댄 건 맞는 말이야?", ["tribute-fees"]),
        ("대동법과 API 요금표는 무슨 관계인가요?", ["taedong-prices"]),
        ("현대와 롯데의 주가가 위치에너지와 관계있나요?", ["hyundai-lotte"]),
        ("위치에너지로 권력을 잴 수 있나요?", ["weight-power"]),
        ("상투와 갓이 권력을 보여 준다는 말은 어디서 어긋나나요?", ["hats-power"]),
        ("오픈소스를 깃발에 비유한 건 왜 틀렸어?", ["open-source-fence"]),
        ("How is open source like a fence?", ["open-source-fence"]),
        ("Are open weights like a siege ramp?", ["siege-ramp"]),
        ("친칠라를 무게와 높이에 빗댄 게 무슨 뜻이야?", ["weight-times-height"]),
        ("In what sense is a parameter count a receipt?", ["receipt"]),
        ("빅테크는 동인도회사와 닮았나?", ["charter-company"]),
        ("Does the gazelle analogy hold for models?", ["gazelle-leap"]),
        ("천 년을 간 로마에 견줄 만한, 오백 년을 갈 회사가 있을까?", ["thousand-years"]),
        ("Does losing the will to fight match dropping research?", ["will-to-fight"]),
        ("비탈은 데이터에 해당하나요?", ["ramp-compute"]),
        ("첨탑과 데이터센터 비유를 설명해 줘", ["towers-rivals"]),
        ("개발자가 제국의 말을 그만 쓴다는 게 무슨 뜻이야?", ["empire-language"]),
        ("What is a rung in the ladder of models?", ["rungs-parts"]),
        # Questions about one domain, about neither, or about another likeness.
        ("고인돌은 왜 지었나요?", []),
        ("When was Karakorum built?", []),
        ("로마는 언제 카르타고를 무너뜨렸나요?", []),
        ("How did the Roman roads compare with Greek ones?", []),
        ("고인돌과 비슷한 무덤이 유럽에도 있나요?", []),
        ("How many parameters does GPT-3 have?", []),
        ("매개변수와 토큰 가운데 무엇을 늘려야 하나요?", []),
        ("몽골의 역참은 어떻게 움직였나요?", []),
        ("메타는 라마를 왜 공개했나요?", []),
        ("조선의 대동법은 언제 시행됐나요?", []),
        ("How did Windows make money?", []),
        ("Which company lasted two hundred years?", []),
        ("글쓴이는 투자에 대해 뭐라고 하나요?", []),
        ("why do analogies persuade?", []),
        ("오늘 날씨 어때?", []),
        ("", []),
    ],
)
def test_a_question_gets_the_analogies_that_it_is_about(bundled: tuple[Analogy, ...], question: str, expected: list[str]) -> None:
    assert [analogy.id for analogy in analogies_about(question, bundled)] == expected


@pytest.mark.parametrize(
    "question",
    [
        "어떤 비유들이 나오나요?",
        "비유를 전부 정리해 줘",
        "이 글에 나오는 비유는 몇 개야?",
        "비유 목록 보여 줘",
        "이 블로그 글은 무엇을 무엇에 빗대나요?",
        "글쓴이가 쓴 비유를 다 알려 줘",
        "what analogies are there?",
        "list the comparisons",
        "Which analogies does the blogger use?",
        "Show me all the metaphors in the essays, please",
        "Give me an overview of the analogies",
    ],
)
def test_a_question_for_all_analogies_is_recognised(question: str) -> None:
    assert asks_for_all_analogies(question)


@pytest.mark.parametrize(
    "question",
    [
        "로마 비유는 어디서 깨져?",
        "로마에 대한 비유를 모두 알려 줘",
        "왜 비유는 설득력이 있나요?",
        "어떤 건물들이 나오나요?",
        "What analogies involve Rome?",
        "what is an analogy?",
        "why do analogies persuade?",
        "Which comparison breaks first?",
        "What are all the essays?",
        "",
    ],
)
def test_other_questions_are_not_taken_for_it(question: str) -> None:
    assert not asks_for_all_analogies(question)
