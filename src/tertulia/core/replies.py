"""What we answer by ourselves: the greeting, the second question, confirmations. Class `reply`: it answers what this
customer wrote, so it passes quiet hours, caps and a withdrawal of offers, never a block.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from tertulia.core import effects as fx
from tertulia.core import lanes
from tertulia.core.content import Content, write_content
from tertulia.core.identity import IdentityRef
from tertulia.core.render import OnMissing, Rendered, TemplateProblem, compile_template, render
from tertulia.core.rows import RunRow
from tertulia.core.template_facts import make_facts
from tertulia.core.world import ChannelFacts, World
from tertulia.ids import day_of, derive_delivery_id

QUESTIONS: Final = {
    "en": "This link was made for someone else. If it is yours, send the last 4 digits of your mobile number.",
    "pt": "Este link foi feito para outra pessoa. Se é seu, envie os 4 últimos números do seu celular.",
    "es": "Este enlace es de otra persona. Si es tuyo, envía los 4 últimos números de tu móvil.",
    "ar": "هذا الرابط مخصص لشخص آخر. إذا كان لك فأرسل آخر 4 أرقام من رقم هاتفك المحمول.",
    "cs": "Tento odkaz patří někomu jinému. Pokud je váš, pošlete poslední 4 číslice svého mobilu.",
    "ro": "Acest link este al altcuiva. Dacă este al dvs., trimiteți ultimele 4 cifre ale numărului de mobil.",
    "zh": "此链接属于其他人。如果是您的，请发送您手机号码的最后4位数字。",
}

ANSWERS: Final = {
    "en": (
        "Thank you. From now on we write to you here.",
        "That does not fit. Try once more.",
        "Thank you. How can we help?",
    ),
    "pt": (
        "Obrigado. Agora falamos com você por aqui.",
        "Não confere. Tente mais uma vez.",
        "Obrigado. Como podemos ajudar?",
    ),
    "es": (
        "Gracias. Desde ahora te escribimos aquí.",
        "No coincide. Inténtalo otra vez.",
        "Gracias. ¿En qué podemos ayudar?",
    ),
    "ar": ("شكراً. سنكتب إليك هنا من الآن.", "غير مطابق. حاول مرة أخرى.", "شكراً. كيف يمكننا المساعدة؟"),
    "cs": ("Děkujeme. Odteď vám píšeme sem.", "Nesouhlasí. Zkuste to znovu.", "Děkujeme. Jak můžeme pomoci?"),
    "ro": (
        "Mulțumim. De acum vă scriem aici.",
        "Nu se potrivește. Mai încercați o dată.",
        "Mulțumim. Cu ce vă putem ajuta?",
    ),
    "zh": ("谢谢。今后我们会在这里联系您。", "不匹配，请再试一次。", "谢谢。有什么可以帮您？"),
}

NOT_UNDERSTOOD: Final = {
    "en": "Sorry, that was not understood.",
    "pt": "Desculpe, não entendemos.",
    "es": "Lo sentimos, no lo hemos entendido.",
    "ar": "عذراً، لم نفهم ذلك.",
    "cs": "Promiňte, tomu jsme nerozuměli.",
    "ro": "Ne pare rău, nu am înțeles.",
    "zh": "抱歉，我们没有理解。",
}

HANDED_OVER: Final = {
    "en": "Thank you. A person will answer you here.",
    "pt": "Obrigado. Uma pessoa vai responder por aqui.",
    "es": "Gracias. Una persona te responderá aquí.",
    "ar": "شكراً. سيجيبك أحد موظفينا هنا.",
    "cs": "Děkujeme. Odpoví vám tu člověk.",
    "ro": "Mulțumim. O persoană vă va răspunde aici.",
    "zh": "谢谢。人工客服会在这里回复您。",
}

_ANSWER_OF: Final = {"right": 0, "wrong": 1, "closed": 2}


def question_text(language: str) -> str:
    """M5's second question. It names nothing of the customer's whose link it was."""
    return QUESTIONS.get(_base(language), QUESTIONS["en"])


def answer_text(verdict: str, language: str) -> str:
    """What follows an answer to the question: `right`, `wrong` or `closed`."""
    return ANSWERS.get(_base(language), ANSWERS["en"])[_ANSWER_OF[verdict]]


def not_understood_text(language: str) -> str:
    """Before a question is asked again."""
    return NOT_UNDERSTOOD.get(_base(language), NOT_UNDERSTOOD["en"])


def handed_over_text(language: str) -> str:
    """To who asked for a person."""
    return HANDED_OVER.get(_base(language), HANDED_OVER["en"])


def _base(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def greet(
    world: World, channel: ChannelFacts, contact_id: int, identity: IdentityRef, *, ask_phone: bool, at: datetime
) -> None:
    """The channel's greeting to a first message; where nothing says who wrote, with the platform's button that shares
    the number (M3). A greeting that cannot be rendered for somebody is left out: it is a courtesy."""
    if not channel.greeting:
        return
    contact = world.contacts[contact_id]
    facts = make_facts(
        name=contact.name,
        surname=contact.surname,
        locale=contact.locale,
        attributes=contact.attributes,
        workspace=world.config.workspaces[channel.workspace].name,
        links={},
    )
    try:
        outcome = render(compile_template(channel.greeting), facts, now=at, on_missing=OnMissing.DEFAULT)
    except TemplateProblem:
        return
    if isinstance(outcome, Rendered) and outcome.text.strip():
        cause = f"greeting:{channel.id}"
        queue_reply(world, channel, contact_id, identity, outcome.text, cause=cause, at=at, ask_phone=ask_phone)


def queue_reply(
    world: World,
    channel: ChannelFacts,
    contact_id: int,
    identity: IdentityRef,
    text: str,
    *,
    cause: str,
    at: datetime,
    ask_phone: bool = False,
    choices: tuple[tuple[str, str], ...] = (),
    run: RunRow | None = None,
) -> UUID:
    """Queue an answer to what this identity wrote, as part of a `run` where it is one's; the same cause queues it once.
    Its delivery's id."""
    linked = next((row for row in world.contacts[contact_id].identities if row.identity == identity), None)
    token = linked.reply_token if linked else ""
    content = write_content(Content(text=text, choices=choices, ask_phone=ask_phone, reply_token=token))
    delivery_id = derive_delivery_id(contact_id, day_of(at), "reply", channel.id, cause)
    if delivery_id not in world.open and delivery_id not in world.closed:
        world.add(
            fx.QueueDelivery(
                *(channel.workspace, contact_id, delivery_id, channel.id, None, 0, "reply", lanes.URGENT),
                *(identity.kind, identity.value, identity.scope, content, cause, world.now, None, world.now),
                *((run.journey_id, run.id, run.step) if run is not None else ()),
            )
        )
    return delivery_id
