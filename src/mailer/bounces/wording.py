"""The words by which people and machines say what a mail is, where no header does.

One table per question, in the languages of the mail systems and readers we meet. Subjects are short and
written by machines, so they are searched; bodies are looked at only in their first lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Patterns for text in lower case, tried on text in any.

    Lowering a text once is several times faster than a search for a hundred words that disregards case.
    """

    pattern: re.Pattern[str]

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first of the words in *text*; places are those of *text*."""
        # The only letter that grows in lower case.
        return self.pattern.search(text.replace("İ", "I").lower())


def _any_of(*patterns: str) -> Words:
    return Words(re.compile("|".join(f"(?:{pattern})" for pattern in patterns)))


BOUNCE_SUBJECT = _any_of(
    r"undeliver(?:able|ed)|could ?n[o']t be delivered|not (?:be )?deliver(?:ed|able)|unable to deliver",
    r"non[- ]?remis",
    r"deliver\w{0,8} (?:status|has failed|failed|failure|error|problem|report|incomplete)",
    r"fail\w{0,8} (?:delivery|to deliver)",
    r"failure (?:notice|delivery)|mail (?:failed|failure|error|system error|delivery)|returned (?:e-?)?mail",
    r"return(?:ed|ing)? (?:message )?to (?:the )?sender|returned:|mail status report",
    r"rejected (?:mail|message)|\bnot (?:a )?member\b|^request to mailing list .{0,200} rejected",
    r"non[- ]?delivery|delivery notification|message (?:delivery|status)|error (?:sending|during) |^ndr:",
    r"^bounce",
    r"(?:mail|message) (?:was |has been )?(?:rejected|refused|returned|bounced|blocked)",
    r"permanent (?:delivery|failure)",
    r"(?:mail|email) ?address (?:unknown|not found|changed)|user unknown",
    r"mailbox (?:full|unavailable|is full)",
    r"не ?(?:было |может быть |был[ао]? )?доставлен|ошибка доставки|не удалось доставить",
    r"возврат (?:письма|почты)",
    r"не ?дастаўлен|памылка дастаўкі|не (?:было |вдалося )?достав(?:лен|ити)|помилка доставки",
    r"unzustellbar|nicht zugestellt|zustell(?:ung|fehler|bericht)|fehlgeschlagen|rückläufer",
    r"niedostarczon|nie (?:została|zostało) dostarczon|zwrot (?:poczty|wiadomości)|nie można dostarczyć",
    r"non (?:distribu|délivr|delivr|remis)|échec de (?:la )?(?:remise|distribution)|remise impossible",
    r"message d.erreur",
    r"no (?:se ha )?(?:podido |pudo )?entrega|devuelto|no entregado|error (?:de|en la) entrega",
    r"não (?:foi )?(?:entregue|entregável)|falha na entrega|devolvid[ao]|notificação de (?:falha|erro)",
    r"mancato recapito|non recapitabile|impossibile recapitare|errore di consegna",
    r"onbestelbaar|niet (?:bezorgd|afgeleverd)|olevererbart|kunde inte levereras|ei voitu toimittaa",
    r"kan ikke leveres",
    r"nedoručiteln|nedoruceno|nepristatyt|nav piegādāt|ei saa kohale|teslim edilemedi|iletilemedi",
    r"配信(?:不能|エラー|できません|失敗)|送信(?:失敗|エラー|できません)|お届けできません|エラーメール|宛先不明",
    r"退信|无法投递|投递失败|退件|無法傳遞|投遞失敗",
)
"""Mail systems that report a failure, by subject."""

DELAY_SUBJECT = _any_of(
    r"delayed|\bdelay\b|still being retried|not yet been delivered|will be retried|delivery is taking longer",
    r"could not send message for past|warning: could not|temporarily undeliver|deferred",
    r"waiting to be delivered",
    r"задерж|отлож|затрым|затримк|verzöger|opóźni|retardé|retard[ao]|demora|ritard|vertraag|försen",
    r"forsink|opožd",
    r"遅延|延迟",
)
DELAY_TEXT = _any_of(
    r"(?:do|does) not need to re-?send|no action is required on your part|this is a warning message only",
    r"will (?:continue|keep|be) (?:to )?(?:try|trying|be retried|retried|attempt\w*|re-?attempted)",
    r"delivery attempts will (?:continue|be made)|still (?:trying|being retried|attempting)",
    r"not yet been delivered",
    r"(?:has been|is) delayed|delivery (?:is |has been )?(?:temporarily )?delayed",
    r"will (?:re)?try (?:again|until|to deliver)",
    r"continue(?:s|d)? (?:to try|trying|delivery attempts)|(?:will|to) retry (?:for|until|sending|delivery)",
    r"попытк\w{1,4} (?:доставки )?(?:будут|будет) (?:продолж|повтор)|повторн\w{1,4} попыт",
    r"доставка (?:задерж|отлож)",
    r"спроб\w{0,3} (?:дастаўкі )?будуць|спроби (?:доставки )?(?:будуть|триватимуть)",
    r"wird weiter(?:hin)? versuch|zustellung verzögert|kolejne próby|nouvelles? tentatives?",
    r"se seguir[áa] intentando",
    r"verrà (?:ritentat|riprovat)|continuar[áã]o? a tentar|再送(?:を)?(?:試み|いたします)|将继续尝试",
)
"""Reports of copies that are still being tried."""

FINAL_TEXT = _any_of(
    r"\bgave up|giving up|(?:has|have|been) given up|will not be (?:re-?tried|attempted)",
    r"will not (?:continue|try)",
    r"no (?:further|more) (?:delivery )?attempts",
    r"in the queue too long|has been returned|not going to try again|could not be sent for",
    r"permanent(?:ly)? (?:error|fail|fatal)|(?:message|time) (?:has )?expired",
    r"(?:deleted|removed) from (?:the )?queue",
    r"(?:has|have) (?:now )?(?:permanently )?failed|unable to deliver (?:your|the) message after",
    r"окончательн|больше не буд|доставка прекращена|endgültig|définitiv|error permanente",
)
"""Reports of copies that are given up, whatever else they say of trying."""

FINAL_SUBJECT = _any_of(r"^returned (?:e-?)?mail|returned to sender|returning (?:message|mail)")

SUCCESS_SUBJECT = _any_of(
    r"success(?:ful)?\w{0,4} (?:mail )?deliver",
    r"deliver\w{0,8} (?:report|receipt|notification)[: (]+(?:success|delivered|relay)",
    r"delivery (?:has )?succeed|^(?:delivered|relayed|expanded)\s*:",
    r"delivery status notification \((?:success|relay)",
    r"^доставлено\b|^дастаўлена\b|успешн\w{1,4} доставк|^zugestellt:|^entregado:|^consegnato:|^remis\s*:",
    r"^entregue:",
)

AUTO_REPLY_SUBJECT = _any_of(
    r"\bout[- ]of[- ](?:the[- ])?office\b|\booo\b",
    r"\bauto(?:matic|mated|mat)?[- ]?(?:re(?:ply|sponse|sponder)|response)\b",
    r"^auto(?:matic)?\s*:|away from (?:my |the )?(?:office|mail|e-?mail|desk|keyboard)",
    r"\bon (?:vacation|holiday|leave)\b",
    r"^(?:re:\s*)?(?:away|vacation|on holiday|absence|absent)\b|\bvacation (?:reply|message|notice)",
    r"^thank(?:s| you) for (?:your (?:e-?mail|message|enquiry|inquiry|mail)|contacting|writing)",
    r"we (?:have )?received your",
    r"(?:has|have) left the (?:company|organi[sz]ation)|no longer (?:works?|with|employed|monitored)",
    r"автоответ|автоматическ\w{2} (?:ответ|уведомлени)|автоматичн\w{1,3} в[іи]дпов[іи]|аўтаадказ",
    r"аўтаматычны адказ",
    r"автовідповід|вне офиса|не в офисе|в отпуске|отпуск|поза офісом|у відпустц|відпустк",
    r"отсутствую|(?:буду|временно) отсутств|об отсутствии|отсутстви[ея] (?:в офисе|на (?:рабочем )?месте)",
    r"меня нет (?:на месте|в офисе)|в (?:командировке|отъезде)|мене немає (?:на місці|в офісі)|у відрядженні",
    r"па-за офісам|адпачын|мяне няма (?:на месцы|ў офісе)|у (?:камандзіроўцы|ад.ездзе)|я ў водпуску",
    r"ваше (?:письмо|обращение|сообщение) (?:получено|принято|зарегистрировано)",
    r"autoodpowied|automatyczna odpowied|odpowiedź automatyczna|poza biurem|nieobecno|na urlopie|urlop",
    r"w delegacji|na zwolnieniu",
    r"abwesenheit|abwesend|automatische antwort|außer haus|nicht im büro|im urlaub|autoantwort|in elternzeit",
    r"eingangsbestätigung",
    r"réponse automatique|absen(?:ce|t) d[ue] bureau|^absence|en congés?\b|en vacances",
    r"message automatique|accusé de réception",
    r"respuesta autom|fuera de (?:la )?oficina|\bausen(?:te|cia)|de vacaciones|contestador|acuse de recibo",
    r"resposta autom|fora do escrit|\bausência|de férias",
    r"risposta automatic|fuori (?:sede|ufficio)|\bassen(?:za|te)\b|in ferie|risponditore",
    r"automatisch (?:antwoord|bericht)|afwezig|niet aanwezig|op vakantie|met vakantie|buiten kantoor",
    r"autosvar|automatiskt svar|frånvar|på semester|ej på kontoret|inte på kontoret|automatisk svar",
    r"ikke til stede",
    r"på ferie|fraværende|\bfravær|ikke på kontoret|svar automatisk|poissa|lomalla|automaattinen vastaus",
    r"automatická odpověď|mimo kancelář|nepřítomn|dovolené|neprítomn|automatinis atsakymas|atostog",
    r"nesu biure",
    r"automātiskā atbilde|prombūtn|atvaļinājum|automaatvastus|kontorist väljas|puhkusel|\beemal\b",
    r"自動(?:応答|返信|回答|送信)|不在|休暇|外出中|お問い合わせ(?:を)?(?:ありがとう|受付)|受付完了",
    r"自动(?:回复|答复|应答)|自動回覆|自動回復|休假|出差",
    r"otomatik (?:yanıt|cevap)|ofis dışı|izinde|tatilde|távollét|automatikus válasz|răspuns automat",
    r"αυτόματη απάντηση",
)
AUTO_REPLY_TEXT = _any_of(
    r"\b(?:i am|i'm|i will be|i'll be|we are|is) (?:currently |now )?(?:away|travell?ing)",
    r"\b(?:i am|i'm|i will be|i'll be|we are|is) (?:currently |now )?out of (?:the )?office",
    r"\b(?:i am|i'm|i will be|i'll be|is) (?:currently |now )?on (?:vacation|holiday|leave)",
    r"on (?:annual|parental|maternity|sick) leave",
    r"out of (?:the )?office (?:until|from|with|and|till)|limited access to (?:my )?e-?mail|upon my return",
    r"when i (?:return|am back|get back)|mailbox is (?:not|no longer) monitored",
    r"(?:this|it) is an auto(?:mat(?:ic|ed|ically))?\w{0,4}[- ](?:re(?:ply|sponse)|generated|message)",
    r"(?:has|have) left the (?:company|organi[sz]ation)",
    r"no longer (?:works? (?:at|for|here)|with the|employed)",
    r"автоматическ\w{2} (?:ответ|сообщен|уведомлен)|(?:нахожусь|буду|я) в отпуске|меня не будет",
    r"я (?:сейчас )?вне офиса",
    r"отсутствую (?:в офисе|на)|аўтаматычны (?:адказ|ліст)|я ў (?:адпачынку|водпуску)|мяне не будзе",
    r"мене не буде|я у відпустці",
    r"автоматичн\w{1,3} (?:відпов|повідом)|jestem (?:obecnie )?(?:na urlopie|nieobecn|poza biurem)",
    r"będę nieobecn",
    r"przebywam na urlopie|wiadomość (?:wygenerowana )?automatyczn",
    r"(?:ich bin|bin ich|ich befinde mich|wir sind) .{0,40}(?:nicht (?:im|erreichbar)|abwesend)",
    r"(?:ich bin|bin ich|ich befinde mich|wir sind) .{0,40}(?:im urlaub|außer haus)",
    r"automatisch (?:erstellt|generiert|erzeugt)|serai absent|(?:message|réponse) automatique",
    r"je suis (?:actuellement )?(?:absent|en congé|en vacances|en déplacement)",
    r"(?:estoy|estaré|me encuentro) (?:fuera|ausente|de vacaciones)",
    r"est(?:ou|arei) (?:fora|ausente|de férias)",
    r"(?:sono|sarò) (?:fuori|assente|in ferie)|messaggio automatico",
    r"ik ben (?:momenteel )?(?:afwezig|niet aanwezig|op vakantie|met vakantie|niet op kantoor)",
    r"jag är (?:för närvarande )?(?:på semester|borta|ledig|inte på|frånvarande)",
    r"jeg er (?:på ferie|ikke på|fraværende|borte)",
    r"olen (?:lomalla|poissa|matkoilla)|jsem (?:na dovolené|mimo)|nejsem v kanceláři",
    r"esu (?:atostogose|išvyk)|atostogauju",
    r"esmu (?:atvaļinājumā|prombūtnē)|olen (?:puhkusel|eemal|kontorist)|(?:ofis dışında|izinde|tatilde)yim",
    r"不在(?:に)?(?:して|です|と)|休暇(?:中|を|のため)|自動(?:返信|応答|送信|配信)|外出(?:して|中)|自动回复|不在办公室",
    r"正在(?:休假|出差|度假)",
)
"""Answering machines: in a subject, and in the first lines of a text."""

CHALLENGE_SUBJECT = _any_of(
    r"\bconfirm\b|\bverif(?:y|ication)\b|challenge|boxbe|spam ?arrest|\btmda\b",
    r"authori[sz]ation (?:required|request)",
    r"action required|requires? (?:your )?(?:confirmation|approval)",
    r"waiting for (?:your )?(?:confirmation|approval)",
    r"your message to .{1,80}(?:awaits|is (?:pending|waiting|being held|on hold))",
    r"подтвержд|подтвердите|пацвердж|пацвердз|підтверд|bestätig|confirme[rz]?\b|confirmación|conferma",
    r"potwierd|確認|确认",
)
CHALLENGE = _any_of(
    r"(?:confirm|verify|prove|show) (?:that )?you ?(?:are|is|to|in order|by|so)",
    r"(?:confirm|verify|prove) (?:that )?your (?:message|e-?mail|address|identity) ?(?:is|to|in order|by|so)",
    r"(?:please|must|need to) (?:confirm|verify|authenticate) yourself",
    r"(?:please|must|need to) (?:confirm|verify|authenticate) your (?:e-?mail|message|address|identity)",
    r"(?:verification|confirmation|authorization) (?:required|needed|request)",
    r"requires? (?:confirmation|verification)",
    r"challenge[-/ ]response|sender (?:verification|authentication|confirmation)",
    r"not (?:yet )?on (?:my|the|their) (?:white|approved|allowed|safe)|approved senders? list|guest list",
    r"spam ?arrest|boxbe|\btmda\b|bluebottle|mailblocks|vanquish|choicemail|sendio|knowspam",
    r"(?:click|follow|visit|reply).{0,80}to (?:deliver|release|approve).{0,40}(?:message|e-?mail)",
    r"(?:click|follow|visit|reply).{0,80}(?:so that|before).{0,40}(?:your|the|this) (?:message|mail|e-?mail)",
    r"to (?:prove|ensure|confirm) (?:that )?you(?:'re| are) (?:a )?(?:human|person|real|not a)",
    r"waiting list for delivery",
    r"подтвердите,? что вы|подтвердите (?:отправку|свой адрес)|пацвердзіце,? што вы|підтвердіть,? що ви",
    r"bestätigen sie,? dass|confirmez que vous|confirme que (?:usted|você)",
    r"conferma(?:re)? (?:che|di essere)|potwierdź,? że",
)
"""Filters that ask a sender to prove something."""

UNSUBSCRIBE = re.compile(
    r"^\W*(?:(?:re|aw|fwd?|ответ|адказ)\s*:\s*)?\W*(?:"
    r"(?:please )?unsubscribe.{0,60}|(?:please )?remove(?: me)?(?: from .{0,40})?|stop|opt[- ]?out|"
    r"отпи(?:сать(?:ся)?|шите(?: меня)?|ска)\b.{0,40}|отказ(?:аться)? от рассылки|удалите меня.{0,40}|"
    r"адпі(?:сацца|шыце(?: мяне)?|ска|саць)\b.{0,40}|выдаліце мяне.{0,40}|адмо(?:ва|віцца) ад рассылкі|"
    r"відпи(?:шіть(?: мене)?|сатися|сати)\b.{0,40}|wypisz mnie.{0,40}|rezygnacja|abmelden|abbestellen|"
    r"désabonne[rz]?(?:-moi)?.{0,40}|désinscri\w{1,10}|baja|darme de baja|"
    r"cancelar(?: suscripción| inscrição)?|"
    r"disiscriv\w{1,10}|afmelden|uitschrijven|avregistrera|afmeld|avmeld|peruuta tilaus|退订|配信停止|解除"
    r")\W*$",
    re.IGNORECASE,
)
"""A line that holds a wish to leave and nothing else."""

STATISTICS_SUBJECT = _any_of(
    r"^\W*report domain:\s*\S+|\bdmarc (?:aggregate )?(?:report|summary)|report-id:\s*\S+",
    r"^\W*tls[- ]?rep(?:or)?t",
)
RECEIPT_SUBJECT = _any_of(
    r"^(?:read|not read|gelesen|lu|leído|letto|gelezen|lest|läst|přečteno|przeczytane)\s*:",
    r"^(?:прочитано|прочытана|не прочитано)\s*:",
    r"^(?:read receipt|disposition notification|return receipt)|уведомление о прочтении",
    r"開封(?:確認|済み)|已读",
)
"""Read receipts that came without their form (RFC 8098)."""
