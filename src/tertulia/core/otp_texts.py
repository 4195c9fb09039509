"""What a message with a one-time code says where nobody says otherwise, in the languages of the console.

`code`, `workspace.name` and `minutes` are its variables. The subject of an e-mail never has the code: mail programs
show it on a locked screen.
"""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "en": "{{ code }} is your code for {{ workspace.name }}. Valid for {{ minutes }} min. Give it to nobody.",
    "pt": "{{ code }} é o seu código de {{ workspace.name }}. Vale {{ minutes }} min. Não o dê a ninguém.",
    "es": "{{ code }} es tu código de {{ workspace.name }}. Vale {{ minutes }} min. No se lo des a nadie.",
    "ar": "{{ code }} هو رمزك لدى {{ workspace.name }}. صالح لمدة {{ minutes }} دقيقة. لا تعطه لأحد.",
    "cs": "{{ code }} je váš kód pro {{ workspace.name }}. Platí {{ minutes }} min. Nikomu ho nedávejte.",
    "ro": "{{ code }} este codul dvs. pentru {{ workspace.name }}. Valabil {{ minutes }} min. Nu îl dați nimănui.",
    "zh": "{{ code }} 是您在 {{ workspace.name }} 的验证码，{{ minutes }} 分钟内有效。请勿告诉任何人。",
}
SUBJECTS: Final[Mapping[str, str]] = {
    "en": "Your code for {{ workspace.name }}",
    "pt": "O seu código de {{ workspace.name }}",
    "es": "Tu código de {{ workspace.name }}",
    "ar": "رمزك لدى {{ workspace.name }}",
    "cs": "Váš kód pro {{ workspace.name }}",
    "ro": "Codul dvs. pentru {{ workspace.name }}",
    "zh": "您在 {{ workspace.name }} 的验证码",
}


def choose(texts: Mapping[str, str], *languages: str) -> str:
    """The text in the first of these languages that there is, a region's own before its language's; else the first."""
    known = {name.replace("_", "-").lower(): text for name, text in texts.items()}
    for language in languages:
        wanted = language.replace("_", "-").lower()
        for name in (wanted, wanted.partition("-")[0]):
            if name and name in known:
                return known[name]
    return next(iter(texts.values()))
