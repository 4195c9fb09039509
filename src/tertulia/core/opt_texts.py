"""What we answer to an opt-out or opt-in word: one confirmation, then silence (C2). Data, by language.

`{name}` is the workspace's name as customers know it. Each language's texts name a start word of its own row. They
wait for a native speaker's review, like the words.
"""

from dataclasses import dataclass
from typing import Final

from tertulia.core.opt_words import OptAction, OptDecision, OptScope

FALLBACK: Final = "en"


@dataclass(frozen=True, slots=True)
class OptTexts:
    """One language. `unclear` follows `stopped` where the word may have meant an order."""

    stopped: str
    everywhere: str
    restarted: str
    help: str
    unclear: str


TEXTS: Final = {
    "en": OptTexts(
        "{name}: you will get no more offers here. To get them again, send START.",
        "{name}: you will get no more offers on any channel. To get them again here, send START.",
        "{name}: welcome back. You will get our messages here again. To stop, send STOP.",
        "{name}: write to us here and we will answer. To get no more offers, send STOP.",
        "If you meant something else, such as an order, just write to us.",
    ),
    "pt": OptTexts(
        "{name}: você não receberá mais ofertas por aqui. Para voltar a receber, envie INICIAR.",
        "{name}: você não receberá mais ofertas por nenhum canal. Para voltar a receber aqui, envie INICIAR.",
        "{name}: que bom ter você de volta. Você voltará a receber nossas mensagens aqui. Para parar, envie PARAR.",
        "{name}: escreva aqui e nós responderemos. Para não receber mais ofertas, envie PARAR.",
        "Se você quis dizer outra coisa, como um pedido, é só escrever.",
    ),
    "es": OptTexts(
        "{name}: ya no recibirá ofertas por aquí. Para volver a recibirlas, envíe ALTA.",
        "{name}: ya no recibirá ofertas por ningún canal. Para volver a recibirlas aquí, envíe ALTA.",
        "{name}: nos alegra su regreso. Volverá a recibir nuestros mensajes aquí. Para no recibirlos, envíe STOP.",
        "{name}: escríbanos aquí y le responderemos. Para no recibir más ofertas, envíe STOP.",
        "Si quería decir otra cosa, como un pedido, escríbanos.",
    ),
    "fr": OptTexts(
        "{name} : vous ne recevrez plus d'offres ici. Pour en recevoir de nouveau, envoyez REPRENDRE.",
        "{name} : vous ne recevrez plus d'offres sur aucun canal. Pour en recevoir de nouveau ici, envoyez REPRENDRE.",
        "{name} : heureux de vous retrouver. Vous recevrez de nouveau nos messages ici. Pour arrêter, envoyez STOP.",
        "{name} : écrivez-nous ici et nous répondrons. Pour ne plus recevoir d'offres, envoyez STOP.",
        "Si vous parliez d'autre chose, d'une commande par exemple, écrivez-nous.",
    ),
    "de": OptTexts(
        "{name}: Sie erhalten hier keine Angebote mehr. Um sie wieder zu erhalten, senden Sie ANMELDEN.",
        "{name}: Sie erhalten auf keinem Kanal mehr Angebote. Um sie hier wieder zu erhalten, senden Sie ANMELDEN.",
        "{name}: Willkommen zurück. Sie erhalten unsere Nachrichten hier wieder. Zum Beenden senden Sie STOPP.",
        "{name}: Schreiben Sie uns hier, wir antworten. Um keine Angebote mehr zu erhalten, senden Sie STOPP.",
        "Falls Sie etwas anderes meinten, etwa eine Bestellung, schreiben Sie uns einfach.",
    ),
    "it": OptTexts(
        "{name}: non riceverà più offerte qui. Per riceverle di nuovo, invii ISCRIVI.",
        "{name}: non riceverà più offerte su nessun canale. Per riceverle di nuovo qui, invii ISCRIVI.",
        "{name}: bentornato. Riceverà di nuovo i nostri messaggi qui. Per smettere, invii STOP.",
        "{name}: ci scriva qui e risponderemo. Per non ricevere più offerte, invii STOP.",
        "Se intendeva altro, per esempio un ordine, ci scriva.",
    ),
    "ro": OptTexts(
        "{name}: nu veți mai primi oferte aici. Pentru a le primi din nou, trimiteți ABONARE.",
        "{name}: nu veți mai primi oferte pe niciun canal. Pentru a le primi din nou aici, trimiteți ABONARE.",
        "{name}: bine ați revenit. Veți primi din nou mesajele noastre aici. Pentru a opri, trimiteți STOP.",
        "{name}: scrieți-ne aici și vă răspundem. Pentru a nu mai primi oferte, trimiteți STOP.",
        "Dacă v-ați referit la altceva, de exemplu la o comandă, scrieți-ne.",
    ),
    "cs": OptTexts(
        "{name}: nabídky už sem nebudeme posílat. Chcete-li je znovu, pošlete PRIHLASIT.",
        "{name}: nabídky už nebudeme posílat žádným kanálem. Chcete-li je zde znovu, pošlete PRIHLASIT.",
        "{name}: vítejte zpět. Naše zprávy sem zase budou chodit. Chcete-li přestat, pošlete STOP.",
        "{name}: napište nám sem a odpovíme. Nechcete-li další nabídky, pošlete STOP.",
        "Pokud jste mysleli něco jiného, třeba objednávku, napište nám.",
    ),
    "pl": OptTexts(
        "{name}: nie będziemy już przysyłać tu ofert. Aby znów je otrzymywać, wyślij ZAPISZ.",
        "{name}: nie będziemy już przysyłać ofert żadnym kanałem. Aby znów je tu otrzymywać, wyślij ZAPISZ.",
        "{name}: witamy ponownie. Znów będziesz otrzymywać tu nasze wiadomości. Aby przestać, wyślij STOP.",
        "{name}: napisz do nas tutaj, odpowiemy. Aby nie otrzymywać ofert, wyślij STOP.",
        "Jeśli chodziło o coś innego, na przykład zamówienie, po prostu napisz.",
    ),
    "nl": OptTexts(
        "{name}: u krijgt hier geen aanbiedingen meer. Stuur AANMELDEN om ze weer te krijgen.",
        "{name}: u krijgt op geen enkel kanaal nog aanbiedingen. Stuur AANMELDEN om ze hier weer te krijgen.",
        "{name}: welkom terug. U krijgt onze berichten hier weer. Stuur STOP om te stoppen.",
        "{name}: schrijf ons hier, wij antwoorden. Stuur STOP om geen aanbiedingen meer te krijgen.",
        "Bedoelde u iets anders, zoals een bestelling, schrijf ons dan gewoon.",
    ),
    "tr": OptTexts(
        "{name}: artık buradan teklif almayacaksınız. Yeniden almak için BASLA gönderin.",
        "{name}: artık hiçbir kanaldan teklif almayacaksınız. Buradan yeniden almak için BASLA gönderin.",
        "{name}: yeniden hoş geldiniz. Mesajlarımızı yine buradan alacaksınız. Durdurmak için DUR gönderin.",
        "{name}: buradan yazın, yanıtlayalım. Teklif almamak için DUR gönderin.",
        "Sipariş gibi başka bir şeyi kastettiyseniz bize yazın.",
    ),
    "ru": OptTexts(
        "{name}: вы больше не будете получать здесь предложения. Чтобы получать их снова, отправьте СТАРТ.",
        "{name}: вы больше не будете получать предложения ни по одному каналу. Чтобы вернуть их, отправьте СТАРТ.",
        "{name}: с возвращением. Вы снова будете получать здесь наши сообщения. Чтобы отказаться, отправьте СТОП.",
        "{name}: напишите нам сюда, мы ответим. Чтобы не получать предложения, отправьте СТОП.",
        "Если вы имели в виду другое, например заказ, просто напишите нам.",
    ),
    "ar": OptTexts(
        "{name}: لن تصلك عروضنا هنا بعد الآن. لتلقيها من جديد أرسل اشتراك.",
        "{name}: لن تصلك عروضنا عبر أي قناة بعد الآن. لتلقيها هنا من جديد أرسل اشتراك.",
        "{name}: أهلا بعودتك. ستصلك رسائلنا هنا من جديد. للإيقاف أرسل توقف.",
        "{name}: اكتب لنا هنا وسنجيبك. لعدم تلقي العروض أرسل توقف.",
        "إن كنت تقصد شيئا آخر، كطلب شراء، فاكتب لنا.",
    ),
    "zh": OptTexts(
        "{name}：您将不再在此收到推广信息。如需恢复，请回复“恢复”。",
        "{name}：您将不再通过任何渠道收到推广信息。如需在此恢复，请回复“恢复”。",
        "{name}：欢迎回来，您将重新在此收到我们的消息。如需退订，请回复“退订”。",
        "{name}：请在此留言，我们会回复您。如不想再收到推广信息，请回复“退订”。",
        "如果您指的是其他事情（例如订单），请直接告诉我们。",
    ),
    "ja": OptTexts(
        "{name}：今後、こちらにご案内をお送りしません。再開するには「再開」と送信してください。",
        "{name}：今後、すべてのチャネルでご案内をお送りしません。こちらで再開するには「再開」と送信してください。",
        "{name}：配信を再開しました。停止するには「停止」と送信してください。",
        "{name}：こちらにお書きいただければお返事します。ご案内が不要な場合は「停止」と送信してください。",
        "ご注文など別の件でしたら、そのままお書きください。",
    ),
    "ko": OptTexts(
        "{name}: 이 채널로 더 이상 광고를 보내지 않습니다. 다시 받으려면 '시작'을 보내 주세요.",
        "{name}: 모든 채널에서 더 이상 광고를 보내지 않습니다. 여기서 다시 받으려면 '시작'을 보내 주세요.",
        "{name}: 다시 메시지를 보내 드립니다. 그만 받으려면 '수신거부'를 보내 주세요.",
        "{name}: 여기에 글을 남기시면 답해 드립니다. 광고를 원하지 않으시면 '수신거부'를 보내 주세요.",
        "주문 등 다른 뜻이었다면 그냥 글을 남겨 주세요.",
    ),
    "th": OptTexts(
        "{name}: คุณจะไม่ได้รับข้อเสนอทางช่องทางนี้อีก หากต้องการรับอีกครั้ง ส่ง เริ่ม",
        "{name}: คุณจะไม่ได้รับข้อเสนอทางช่องทางใดอีก หากต้องการรับที่นี่อีกครั้ง ส่ง เริ่ม",
        "{name}: ยินดีต้อนรับกลับมา คุณจะได้รับข้อความของเราที่นี่อีกครั้ง หากต้องการหยุด ส่ง หยุด",
        "{name}: เขียนถึงเราที่นี่ แล้วเราจะตอบ หากไม่ต้องการรับข้อเสนอ ส่ง หยุด",
        "หากคุณหมายถึงเรื่องอื่น เช่น คำสั่งซื้อ เขียนถึงเราได้เลย",
    ),
    "id": OptTexts(
        "{name}: Anda tidak akan menerima penawaran lagi di sini. Untuk menerimanya lagi, kirim MULAI.",
        "{name}: Anda tidak akan menerima penawaran lagi di saluran mana pun. Untuk menerimanya lagi, kirim MULAI.",
        "{name}: selamat datang kembali. Anda akan menerima pesan kami lagi di sini. Untuk berhenti, kirim BERHENTI.",
        "{name}: tulis kepada kami di sini, kami akan menjawab. Untuk berhenti menerima penawaran, kirim BERHENTI.",
        "Jika maksud Anda hal lain, misalnya pesanan, silakan tulis kepada kami.",
    ),
    "vi": OptTexts(
        "{name}: bạn sẽ không nhận ưu đãi ở đây nữa. Để nhận lại, gửi DK.",
        "{name}: bạn sẽ không nhận ưu đãi qua bất kỳ kênh nào nữa. Để nhận lại ở đây, gửi DK.",
        "{name}: chào mừng bạn trở lại. Bạn sẽ lại nhận tin của chúng tôi ở đây. Để dừng, gửi STOP.",
        "{name}: hãy viết cho chúng tôi ở đây, chúng tôi sẽ trả lời. Để không nhận ưu đãi, gửi STOP.",
        "Nếu bạn muốn nói việc khác, như đơn hàng, hãy viết cho chúng tôi.",
    ),
}


def confirm(decision: OptDecision, name: str, language: str) -> str:
    """The one answer to a stop, start or help word, empty for an ordinary message. The word's own language goes before
    the customer's `language` ("pt-BR", may be empty); without either, English."""
    texts = TEXTS.get(decision.language) or TEXTS.get(language.partition("-")[0].lower()) or TEXTS[FALLBACK]
    match decision.action, decision.scope:
        case OptAction.STOP, OptScope.EVERYWHERE:
            text = texts.everywhere
        case OptAction.STOP, _:
            text = f"{texts.stopped} {texts.unclear}" if decision.unclear else texts.stopped
        case OptAction.START, _:
            text = texts.restarted
        case OptAction.HELP, _:
            text = texts.help
        case _:
            return ""
    return text.replace("{name}", name)
