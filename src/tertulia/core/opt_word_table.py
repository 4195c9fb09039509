"""The words that stop, start again and ask for help, by language (C2). Data; the matching is in `opt_words`.

English stop, start and help words are those that carriers and providers obey themselves (Twilio, AWS, Telnyx). Other
rows come from knowledge of the language and wait for a native speaker's review.

A word in `unclear` also means something else in a conversation (cancel an order, leave a menu, reject an offer): it
stops only while no question is waiting. `accented` words are matched with their accents only: Vietnamese DUNG without
them may mean "correct". `only_in` limits a word to numbers of one country.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

GLOBAL_STOPS: Final = ("STOP", "UNSUBSCRIBE", "UNSUB", "OPTOUT")
"""They stop in every language, whatever is being asked."""

EVERYWHERE_STOPS: Final = ("STOPALL", "STOP ALL")
"""They stop every channel, not only the one they were written on."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language's row. `yes` are the start words that are also a plain yes."""

    language: str
    stop: tuple[str, ...]
    start: tuple[str, ...]
    help: tuple[str, ...]
    unclear: tuple[str, ...] = ()
    yes: tuple[str, ...] = ()
    accented: tuple[str, ...] = ()
    only_in: Mapping[str, str] = field(default_factory=dict)


TABLE: Final = (
    Words(
        "en",
        stop=(
            *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "UNSUB", "END", "QUIT", "CANCEL", "REVOKE"),
            *("OPTOUT", "OPT OUT", "OPT-OUT", "REMOVE"),
        ),
        start=("START", "UNSTOP", "YES", "SUBSCRIBE", "OPTIN"),
        help=("HELP", "INFO"),
        unclear=("END", "QUIT", "CANCEL", "REVOKE", "REMOVE"),
        yes=("YES",),
    ),
    Words(
        "pt",
        stop=("PARAR", "PARE", "SAIR", "CANCELAR", "REMOVER", "DESCADASTRAR", "DESINSCREVER"),
        start=("INICIAR", "COMECAR", "VOLTAR", "SIM"),
        help=("AJUDA",),
        unclear=("SAIR", "CANCELAR", "REMOVER"),
        yes=("SIM",),
    ),
    Words(
        "es",
        stop=("BAJA", "DARSE DE BAJA", "PARAR", "ALTO", "CANCELAR", "DETENER", "ELIMINAR"),
        start=("ALTA", "INICIAR", "EMPEZAR", "SI"),
        help=("AYUDA",),
        unclear=("BAJA", "ALTO", "CANCELAR", "DETENER", "ELIMINAR"),
        yes=("SI",),
    ),
    Words(
        "fr",
        stop=("ARRET", "ARRETE", "ARRETER", "STOP SMS", "DESABONNER", "DESINSCRIRE", "ANNULER"),
        start=("DEBUT", "COMMENCER", "REPRENDRE", "OUI"),
        help=("AIDE",),
        unclear=("ANNULER",),
        yes=("OUI",),
    ),
    Words(
        "de",
        stop=("STOPP", "ABMELDEN", "ABBESTELLEN", "AUSTRAGEN", "ENDE", "ABMELDUNG"),
        start=("ANMELDEN", "WEITER", "JA"),
        help=("HILFE",),
        unclear=("ENDE",),
        yes=("JA",),
    ),
    Words(
        "it",
        stop=("FERMA", "BASTA", "ANNULLA", "CANCELLA", "CANCELLAMI", "DISISCRIVI", "DISISCRIVIMI"),
        start=("INIZIA", "ISCRIVI", "SI"),
        help=("AIUTO",),
        unclear=("BASTA", "ANNULLA", "CANCELLA"),
        yes=("SI",),
    ),
    Words(
        "ro",
        stop=("DEZABONARE", "DEZABONEAZA", "OPRIRE", "OPRESTE", "ANULEAZA"),
        start=("ABONARE", "PORNESTE", "DA"),
        help=("AJUTOR",),
        unclear=("ANULEAZA",),
        yes=("DA",),
    ),
    Words(
        "cs",
        stop=("ODHLASIT", "ZRUSIT", "KONEC", "NEZASILAT"),
        start=("PRIHLASIT", "POKRACOVAT", "ANO"),
        help=("POMOC",),
        unclear=("ZRUSIT", "KONEC"),
        yes=("ANO",),
    ),
    Words(
        "pl",
        stop=("WYPISZ", "REZYGNUJE", "KONIEC", "ANULUJ"),
        start=("ZAPISZ", "TAK"),
        help=("POMOC",),
        unclear=("REZYGNUJE", "KONIEC", "ANULUJ"),
        yes=("TAK",),
    ),
    Words(
        "nl",
        stop=("AFMELDEN", "UITSCHRIJVEN", "STOPPEN"),
        start=("AANMELDEN", "JA"),
        help=("HULP",),
        yes=("JA",),
    ),
    Words(
        "tr",
        stop=("DUR", "DURDUR", "IPTAL", "RET", "CIK", "ABONELIKTEN CIK"),
        start=("BASLA", "BASLAT", "ABONE", "EVET"),
        help=("YARDIM",),
        unclear=("IPTAL", "RET", "CIK"),
        yes=("EVET",),
    ),
    Words(
        "ru",
        stop=("СТОП", "ОТПИСКА", "ОТПИСАТЬСЯ", "ОТМЕНА", "ХВАТИТ"),
        start=("СТАРТ", "ПОДПИСКА", "ПОДПИСАТЬСЯ", "ДА"),
        help=("ПОМОЩЬ",),
        unclear=("ОТМЕНА", "ХВАТИТ"),
        yes=("ДА",),
    ),
    Words(
        "ar",
        stop=("توقف", "إيقاف", "وقف", "الغاء", "إلغاء", "الغاء الاشتراك"),
        start=("ابدأ", "بدء", "اشتراك", "نعم"),
        help=("مساعدة",),
        unclear=("الغاء", "إلغاء"),
        yes=("نعم",),
    ),
    Words(
        "zh",
        stop=("退订", "退訂", "取消", "取消订阅", "取消訂閱", "停止", "T", "TD"),
        start=("订阅", "訂閱", "开始", "開始", "恢复"),
        help=("帮助", "幫助"),
        unclear=("取消", "T"),
        only_in={"T": "CN", "TD": "CN"},
    ),
    Words(
        "ja",
        stop=("停止", "配信停止", "解除", "登録解除", "ストップ"),
        start=("再開", "登録", "開始", "スタート"),
        help=("ヘルプ",),
        unclear=("解除",),
    ),
    Words(
        "ko",
        stop=("중지", "수신거부", "해지", "취소"),
        start=("시작", "수신동의"),
        help=("도움말",),
        unclear=("해지", "취소"),
    ),
    Words(
        "th",
        stop=("หยุด", "ยกเลิก", "เลิกรับ"),
        start=("เริ่ม", "สมัคร", "รับ"),
        help=("ช่วยเหลือ",),
        unclear=("ยกเลิก",),
    ),
    Words(
        "id",
        stop=("BERHENTI", "STOP", "BATAL", "UNREG", "KELUAR"),
        start=("MULAI", "DAFTAR", "REG", "YA"),
        help=("BANTUAN",),
        unclear=("BATAL", "KELUAR"),
        yes=("YA",),
    ),
    Words(
        "vi",
        stop=("HUY", "HỦY", "DỪNG", "TU CHOI", "TC"),
        start=("DK", "DANG KY", "ĐĂNG KÝ", "CO"),
        help=("TRO GIUP",),
        unclear=("HUY", "HỦY", "TU CHOI", "TC"),
        yes=("CO",),
        accented=("DỪNG",),
    ),
)
