"""Words of failure, as mail servers write them, in the languages whose servers answer us.

They only tell that a sentence is about mail that did not arrive; why it did not, the classifier reads.
"""

from __future__ import annotations

import re

_FAILURES = r"""
    undeliver|(?:not|never) (?:been |be |yet been |yet be )?(?:deliver|accept|sent|reach|receiv)
    (?:un|not )able to (?:deliver|send|reach)
    can(?:not|'t|’t) (?:be )?(?:deliver|sen|reach|accept|receiv)|could(?: not|n't|n’t)
    does(?: not|n't|n’t) (?:exist|have)|was(?:n't|n’t)
    not (?:exist|found|known|valid|available|listed|a valid)
    no (?:such|longer|mailbox|account|valid)|fail|reject|unknown|refus|invalid|bounce|returned
    permanent|quota|is full|over ?quota|delay|error|problem|unrout|undefined|blocked|denied
    not a member|(?:wrong|incorrect) address|reason:|because|exceed|time(?:d |-)?out
    not recogni[sz]ed|did(?: not|n't|n’t)|disabled|expired|unreachable|aborted
    gave up|giv(?:en|ing) up|inactive|suspended|(?:box|account) full|\b[45]\d\d[ -]#?[45]\.\d{1,3}\.\d
    # Russian, Ukrainian, Belarusian
    не (?:был[оаи]? |можа быць |может быть |може бути )?(?:доставл|дастаўл|отправ|адпраў|принят)
    не (?:найден|знойдзен|знайден|существу|існу|дойшл|атрыма)
    не (?:уда|ўда|вда)|невозможн|немагчым|неможлив|недостав|недастаў|нeдостав|ошибк|памылк|помилк
    отклон|адхілен|адхілі|відхилен|отверг|отказ|адмов|переполн|перапоўн|возвращ|вернул|вярну
    поверну|заблокир|причин|прычын
    # German, French, Polish
    unzustellbar
    nicht (?:zu(?:ge|)stell|erreich|gefunden|übermittel|ausgeliefert|vorhanden|bekannt|möglich)
    konnten? nicht|kann nicht|fehl|unbekannt|abgelehnt|abgewiesen|zurückgewiesen
    n[’' ]?(?:a|ont|est|existe)(?: pu)? (?:pas|être)|non (?:remis|délivr|distribu)|échec|echec
    échou|inconnu|impossible|refusé|rejet|erreur
    nie (?:można|mogła|mogl|może|został|udało|istnieje|dostarcz)|niedostarcz|nieznan|błąd|odrzucon
    zwrócon|powód ?:|przepełnion
    # Spanish, Portuguese, Italian
    no (?:se (?:pudo|puede|ha podido|ha entregado)|pudo|puede|existe|fue|ha sido)|desconocid
    rechazad|fall[óoa]|devuelt|n[ãa]o (?:p[ôo]de|pode|foi|existe|entreg|encontrad)|falh|rejeitad
    devolvid|erro\b|non (?:è stat|e' stat|è possibile|è riuscit|può|consegnat|esiste|recapit)
    impossibile|sconosciut|respint|errore|fallit|mancat[ao] consegna
    # Dutch, Scandinavian, Czech, Turkish, Hungarian
    niet (?:worden |kon |bezorg|afgelever|gevonden|bestaa)|kon niet|mislukt|onbekend
    ikke (?:lever|levere|kunne)|inte (?:lever|kunde)|misslyck|mislyk|okänd|nelze|nebyl|nepodařilo
    neexistuje|neznám|iletilemedi|gönderilemedi|ulaştırılamadı|kézbesíthetetlen
    nem (?:sikerült|kézbesít)
    # Japanese, Chinese, Korean
    できません|できなかった|エラー|失敗|見つかりません|存在しません|不明|退信|无法|無法|失败|失敗|不存在|被拒|拒绝|错误|未能|退回|실패|오류|없습니다
"""
"""One expression a line, for text in lower case; a line that begins with # names the languages below it."""

_FAILURE = re.compile(
    "|".join(
        line.strip() for line in _FAILURES.splitlines() if line.strip() and not line.strip().startswith("#")
    )
)

# Notices that one program writes in dozens of languages, and what each says in English.
_IN_ENGLISH = (
    (
        re.compile(r"groups\.google\.com/support", re.IGNORECASE),
        "The group may not exist, or you may not have permission to post messages to the group.",
    ),
)


def in_english(text: str) -> str | None:
    """What a notice known in many languages says, for the classifier; None for any other."""
    return next((sentence for sign, sentence in _IN_ENGLISH if sign.search(text)), None)


def speaks_of_failure(text: str) -> bool:
    """Whether *text* holds words of failure in any language we know."""
    # Lowering a text once costs less than a search that disregards case: the table has a hundred beginnings.
    return _FAILURE.search(text.lower()) is not None
