"""Words by which a customer asks for a person instead of a machine (I6). Data, and whether a message is one.

As with words that stop, the *whole* message is one of them; nothing is searched inside sentences. The rows come from
knowledge of the languages and wait for a native speaker's review.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from tertulia.core.opt_words import normalise

HUMAN_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        *("human", "a human", "agent", "an agent", "live agent", "person", "a person", "real person", "operator"),
        *("representative", "talk to a human", "talk to a person", "talk to an agent", "talk to someone"),
        *("speak to a human", "speak to a person", "speak to an agent", "speak to someone"),
    ),
    "pt": (
        *("humano", "atendente", "pessoa", "uma pessoa", "operador", "atendimento humano", "agente"),
        *("falar com atendente", "falar com um atendente", "falar com uma pessoa", "falar com humano"),
    ),
    "es": (
        *("humano", "agente", "persona", "una persona", "operador", "asesor", "hablar con un agente"),
        *("hablar con una persona", "hablar con alguien"),
    ),
    "ar": ("موظف", "شخص", "إنسان", "وكيل", "أريد التحدث مع موظف", "التحدث مع موظف", "التحدث مع شخص", "خدمة العملاء"),
    "cs": ("člověk", "operátor", "agent", "osoba", "živý člověk", "mluvit s člověkem", "mluvit s operátorem"),
    "ro": ("om", "agent", "persoană", "o persoană", "operator", "vorbesc cu un om", "vorbesc cu un operator"),
    "zh": ("人工", "人工客服", "真人", "客服", "转人工", "找人工", "转人工客服", "轉人工", "人工服務"),
}


def asks_for_human(text: str) -> bool:
    """Whether the whole message is such a word, in any language."""
    said = normalise(text)
    return bool(said) and said in _words()


@cache
def _words() -> frozenset[str]:
    return frozenset(normalise(word) for words in HUMAN_WORDS.values() for word in words)
