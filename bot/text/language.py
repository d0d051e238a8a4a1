"""Whether a text is Korean or English, for all of the project.

Which tokenizer a text needs is a different question: `tokenize.needs_kiwi`.
"""

import re

from bot.schema import Language

_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_LATIN = re.compile("[A-Za-z]")
LATIN_PER_HANGUL = 4  # Latin letters that one Hangul letter outweighs


def language_of(text: str) -> Language:
    """`ko` where at least a fifth of the Hangul and Latin letters are Hangul, else `en`.

    A Korean syllable carries about as much as three Latin letters, so Korean prose with many English names still counts as Korean.
    """
    hangul = len(_HANGUL.findall(text))
    return "ko" if hangul and hangul * LATIN_PER_HANGUL >= len(_LATIN.findall(text)) else "en"
