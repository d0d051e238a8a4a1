"""Notes as people write them, from the file to the answer: what is read, what is quoted, and what never is. With the real embedder."""

import pytest

from bot import Bot
from bot.indexing.build import build_index
from bot.settings import Settings
from bot.text.sentences import outline

NOTES = {
    "ferry.md": """---

나루의 이름: 물결나루였다. 그 이름은 지도에 없다.

---

뱃사공은 겨울마다 얼음을 톱으로 잘랐다. 톱날은 세 해에 한 번 갈았다.
""",
    "tide: a table.md": """---
title: Tides: what the harbour wrote
author: "Mo" Larsen
날짜: 2021. 3. 7.
---
The harbour master read the gauge at noon. He never trusted the printed almanac.

| Month | Height | Keeper |
|---|---|---|
| March | 3.2 m | Larsen |
| April | 2.9 m | Odd Vik |

```python
# The gauge was read at midnight
height = 3.2
```
""",
    "vault/kitchen.md": """#부엌 #가족

![[냄비.jpg]]

%% 간장은 사실 산 것이다. %%

할머니의 간장은 열두 해를 묵었다. 그 독은 [[장독대]] 셋째 줄에 있었다. ^soy-1

<!-- 간장 독은 깨졌다고 쓸까? -->

> [!note] 덧붙임
> 간장 독의 뚜껑은 무쇠였다.

- [ ] 간장 독 사진 찾기

```dataview
LIST FROM "간장"
```
""",
    "well.md": """+++
title = "우물 치는 날"
date = 2019-08-02
description = "우물을 백 년 동안 치지 않았다는 이야기"
+++
우물은 칠월 칠석에 쳤다.[^1] 두레박은 오동나무로 깎았다.[^2]

[^1]: 다른 마을은 단오에 쳤다고 한다.
[^2]: 오동나무는 가볍다.
""",
    "diary.md": """# 그 여름

4. 19. 수유리에 갔다. 걸어서 두 시간 걸렸다.

8. 15. 라디오를 고쳤다. 《수리 일지》는 아버지가 쓰시던 공책이다. 「전파」라는 잡지도 거기서 나왔다.
""",
    "Setext title.md": """The Barn in Winter
==================

"Shut the door," she said. The barn held forty sheep. He called it "the ark" and laughed. The roof cost 300 crowns.
""",
    "deploy.md": """서버를 옮기고 나서 배포 시간이 사분의 일로 줄었다. 이유는 `docker build`가 계층을 다시 쓰기 때문이다.

    # 배포 시간은 두 배로 늘었다
    docker push registry.example/app:latest
""",
}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    """A bot over the notes above."""
    folder = tmp_path_factory.mktemp("notes")
    for name, text in NOTES.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_text(text, "utf-8")
    settings = Settings.load(corpus=folder / "in", index=folder / "index", data=folder / "data", llm="quotes")
    build_index(settings)
    return Bot(settings)


def quotes(bot: Bot, question: str) -> list[str]:
    return [citation.quote for citation in bot.ask(question).citations]


def test_every_note_is_read_with_its_title_author_and_date(bot: Bot) -> None:
    assert {essay.id: (essay.title, essay.author, essay.date) for essay in bot.essays()} == {
        "deploy": ("deploy", "", ""),
        "diary": ("그 여름", "", ""),
        "ferry": ("ferry", "", ""),
        "setext-title": ("The Barn in Winter", "", ""),
        "tide-a-table": ("Tides: what the harbour wrote", '"Mo" Larsen', "2021-03-07"),
        "vault-kitchen": ("kitchen", "", ""),
        "well": ("우물 치는 날", "", "2019-08-02"),
    }


@pytest.mark.parametrize(("question", "quote"), [
    ("나루의 이름은 무엇이었어?", "나루의 이름: 물결나루였다."),
    ("톱날은 몇 해마다 갈았어?", "톱날은 세 해에 한 번 갈았다."),
    ("When did the harbour master read the gauge?", "The harbour master read the gauge at noon."),
    ("할머니의 간장은 몇 해를 묵었어?", "할머니의 간장은 열두 해를 묵었다."),
    ("간장 독의 뚜껑은 무엇이었어?", "간장 독의 뚜껑은 무쇠였다."),
    ("우물은 언제 쳤어?", "우물은 칠월 칠석에 쳤다."),
    ("두레박은 무엇으로 깎았어?", "두레박은 오동나무로 깎았다."),
    ("수유리에 간 것은 언제야?", "4. 19. 수유리에 갔다."),
    ("수리 일지는 누가 쓰던 공책이야?", "《수리 일지》는 아버지가 쓰시던 공책이다."),
    ("How many sheep did the barn hold?", "The barn held forty sheep."),
    ("What did the roof cost?", "The roof cost 300 crowns."),
    ("배포 시간이 왜 줄었어?", "이유는 `docker build`가 계층을 다시 쓰기 때문이다."),
])  # fmt: skip
def test_the_sentence_that_answers_is_quoted_alone(bot: Bot, question: str, quote: str) -> None:
    assert quote in quotes(bot, question)


def test_a_row_of_a_table_is_quoted_with_the_heads_of_its_columns(bot: Bot) -> None:
    answer = bot.ask("Who was the keeper in April?")
    (row,) = [citation for citation in answer.citations if citation.quote.startswith("April")]
    assert row.quote == "April | 2.9 m | Odd Vik"
    assert f"Month: “April” · Height: “2.9 m” · Keeper: “Odd Vik” [{row.number}]" in answer.text


def test_a_footnote_is_marked_as_one(bot: Bot) -> None:
    answer = bot.ask("다른 마을은 우물을 언제 쳤다고 해?")
    assert any(sentence.text == "각주: “다른 마을은 단오에 쳤다고 한다.”" for sentence in answer.sentences)


def test_what_was_hidden_is_in_no_essay(bot: Bot) -> None:
    kitchen = bot.essay("vault-kitchen").text
    assert [word for word in ("사실 산 것", "깨졌다고", "dataview", "LIST", "^soy") if word in kitchen] == []


def test_what_is_no_prose_is_shown_and_never_quoted(bot: Bot) -> None:
    shown = {essay.id: essay.text for essay in bot.essays()}
    assert "# The gauge was read at midnight" in shown["tide-a-table"]
    assert "![[냄비.jpg]]" in shown["vault-kitchen"]
    quotable = [essay.text[slice(*span)] for essay in bot.essays() for span in outline(essay.text).sentences]
    for word in ("midnight", "냄비.jpg", "#부엌", "[!note]", "사진 찾기", "두 배로 늘었다", "docker push", "Month"):
        assert [sentence for sentence in quotable if word in sentence] == []


@pytest.mark.parametrize("question", ["React로 만든 harbour gauge 언제 읽었어?", "harbour master gauge 몇 시에 읽었나요?"])
def test_a_korean_question_with_english_names_is_answered_in_korean(bot: Bot, question: str) -> None:
    assert bot.ask(question).language == "ko"
