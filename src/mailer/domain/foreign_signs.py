"""What refusals say in other languages than English; most servers add such words to a code that says little.

Diacritics are left out on both sides (see reply_words.py), so that "désactivée" and "desactivee" are one.
Most servers speak English even in Minsk; these tables are for the others.
"""

from __future__ import annotations

from mailer.domain.reply_class import Cause
from mailer.domain.sender_signs import Signs

FOREIGN_BLAME: Signs = (
    (
        Cause.REPUTATION,
        r"""
        спам|черн\w+ спис|чорн\w+ спіс
        antyspam|courrier indesirable|pourriel|correo (?:no deseado|basura)|lixo eletronico
        scoring della posta|posta indesiderata|unerwunschte|unerwuenschte
        迷惑メール|スパム|垃圾|ブラックリスト|黑名单|黑名單
        """,
    ),
    (
        Cause.SENDER,
        r"""
        отправител\w+ .{0,40}(?:не |отклон|заблок|запрещ)|(?:адрес|домен) отправителя
        адпраўнік\w* .{0,40}(?:не |адхіл|заблак)|відправник\w* .{0,40}(?:не |відхил|заблок)
        nadawc\w+ .{0,40}(?:odrzuc|zablok|nieznan|nie )
        absender\w* .{0,40}(?:abgelehnt|unbekannt|gesperrt|blockiert|nicht|ungultig|ungueltig)
        (?:expediteur|emetteur) .{0,40}(?:refuse|rejete|inconnu|bloque|interdit|non autorise|invalide)
        remitente .{0,40}(?:rechazad|desconocid|bloquead|no )
        remetente .{0,40}(?:rejeitad|desconhecid|bloquead|nao )
        mittente .{0,40}(?:rifiutat|sconosciut|bloccat|non )
        送信者|发件人|寄件人
        """,
    ),
    (
        Cause.RULE,
        r"""
        политик|(?:доступ|рассылка|адпраўка|дастаўка) (?:запрещ|закрыт|забарон|заборон)|запрещен\w* прием
        (?:ip|сервер|хост)\w* .{0,30}(?:заблокирован|запрещ)
        (?:polityk|regul)\w* (?:bezpiecz|serwer)|dostep zabroniony
        zugriff verweigert|richtlinie|acces (?:refuse|interdit)|acceso denegado|acesso negado|accesso negato
        ポリシー|受信拒否|拒绝访问|策略
        """,
    ),
    (
        Cause.RATE,
        r"""
        лимит .{0,20}(?:писем|сообщений|отправ)|слишком (?:много|часто)|занадта (?:шмат|часта)|забагато
        zbyt wiele|zu viele|trop de (?:messages|connexions|courriers|destinataires)
        demasiad[oa]s|excesso de|troppi messaggi|troppe connessioni
        頻度|過于頻繁|过于频繁|频率|频繁
        """,
    ),
)
"""What blames us. Read with what English says of it, before anything that speaks of a reader."""

FOREIGN: Signs = (
    (
        Cause.SIZE,
        r"""
        (?:размер|памер|розмір) \w*(?:сообщ|письм|паведамл|ліст|повідом|вложен)
        (?:сообщение|письмо|ліст|лист) (?:слишком|занадта|занадто) (?:больш|вялік|велик)
        wiadomosc .{0,20}(?:za duza|zbyt duza)|(?:nachricht|mail) .{0,20}zu gross
        message trop (?:gros|volumineux|grand)|taille .{0,20}message
        mensaje demasiado grande|mensagem (?:muito|demasiado) grande|messaggio troppo grande
        メッセージサイズ|邮件(?:太大|过大|大小)
        """,
    ),
    (
        Cause.FULL,
        r"""
        перепол\w+|перапоўнен|превышен\w* .{0,20}квот|квот\w+ .{0,20}(?:превыш|исчерп|перавыш|перевищ)
        (?:ящик|скрын|скриньк)\w* .{0,30}(?:полон|заполн|запоўнен|заповнен|повн)|недостаточно места
        skrzynk\w+ .{0,30}(?:pelna|przepelnion|zapelnion)|przekroczon\w+ .{0,30}(?:limit|quot|pojemnos|miejsc)
        postfach .{0,20}(?:voll|uberfull|ueberfuell)|speicherplatz|(?:quota|kontingent) .{0,20}uberschritten
        (?:boite|bal|messagerie) .{0,40}(?:plein|satur)|quota .{0,20}(?:depasse|atteint)
        (?:buzon|casilla|cuenta) .{0,20}llen[oa]|cuota .{0,20}(?:excedida|superada)|caixa .{0,20}cheia
        casella .{0,20}pien[ao]|quota .{0,20}superata|spazio .{0,20}esaurito
        いっぱい|満杯|容量|邮箱(?:已|太)?满|空间(?:不足|已满)|信箱已滿|空間不足
        """,
    ),
    (
        Cause.DISABLED,
        r"""
        (?:ящик|аккаунт|учетн|пользовател|адрес)\w* .{0,40}(?:заблокир|отключ|не ?актив|удален|приостан)
        (?:акаўнт|скрын|уліков|карыстальнік)\w* .{0,40}(?:заблак|адключ|неактыў|выдален|прыпынен)
        (?:скриньк|обліков|користувач)\w* .{0,40}(?:заблок|вимкн|неактив|видален|призупин)
        (?:konto|skrzynka) .{0,40}(?:zablokowan|nieaktywn|wylaczon|zawieszon|usuniet)
        (?:postfach|konto|mailbox|account) .{0,30}(?:deaktiviert|gesperrt|stillgelegt|inaktiv|geloscht)
        (?:compte|boite|adresse|destinataire) .{0,40}(?:desactive|suspendu|inacti[fv]|bloque|ferme|archive)
        (?:cuenta|buzon|usuario|casilla) .{0,40}(?:deshabilitad|desactivad|inactiv|bloquead|suspendid|expirad)
        (?:conta|caixa|usuario) .{0,40}(?:desativad|inativ|suspens)
        (?:casella|indirizzo|account|utente) .{0,40}(?:disabilitat|disattiv|bloccat|sospes|scadut)
        por falta de uso
        (?:アカウント|メールボックス|ユーザ|アドレス).{0,10}(?:無効|停止|休止)
        (?:用户|帐号|账号|帳號|邮箱).{0,6}(?:禁用|停用|冻结|锁定|停止)
        """,
    ),
    (
        Cause.SYSTEM,
        r"""
        временн\w+ (?:ошибк|недоступ|неполад)|часова недаступ|тимчасов\w+|попробуйте позже|повторите попытку
        temporairement|reessayer|essayer plus tard|temporarer fehler|vorubergehend|spater (?:erneut|noch)
        temporalmente|mas tarde|temporariamente|mais tarde|temporaneamente|piu tardi|sprobuj ponownie
        しばらく|稍后|稍後
        """,
    ),
    (
        Cause.NO_DOMAIN,
        r"""
        (?:домен|хост|сервер)\w* .{0,30}(?:не (?:существует|найден|знойдзены|існуе|знайден)|неизвест)
        (?:domain|domene|domane|rechner) .{0,30}(?:existiert nicht|unbekannt|nicht gefunden)
        domaine .{0,30}(?:inconnu|inexistant|introuvable|n'existe)|(?:domena|serwer) .{0,20}nie istnieje
        dominio .{0,30}(?:no existe|inexistente|desconocido|inesistente|sconosciuto|nao existe|non esiste)
        ドメイン.{0,10}(?:存在しません|見つかりません)|域名不存在
        """,
    ),
    (
        Cause.NO_MAILBOX,
        r"""
        (?:адрес|ящик|пользовател|получател|аккаунт)\w* .{0,40}не (?:найден|существует|зарегистр|извест)
        нет так(?:ого|ой) (?:пользовател|адрес|ящик|получател)|так(?:ого|ой) \w+ (?:нет|не существует)
        (?:пользовател|адрес|ящик|получател)\w* .{0,20}(?:неизвест|отсутств)
        неизвестн\w+ (?:пользовател|адрес|получател)|неверный адрес
        няма так(?:ога|ой) (?:карыст|адрас|скрын|атрым)|нема(?:є)? так(?:ого|ої) (?:корист|адрес|скрин)
        так(?:ога|ой) (?:\w+ ){1,2}няма|так(?:ого|ої) (?:\w+ ){1,2}немає
        (?:адрас|скрын|карыстальнік|атрымальнік)\w* .{0,40}не (?:знойдзен|існуе|зарэгістр)|невядом
        (?:адрес|скриньк|користувач|одержувач|отримувач)\w* .{0,40}не (?:знайден|існує|зареєстр)|невідом
        nie ma takiego|(?:konto|skrzynka|adres|uzytkownik|odbiorca) .{0,30}nie (?:istnieje|znalezion)
        nieznan[yea] (?:uzytkownik|odbiorc|adres)|nieznany
        unbekannte?r? (?:benutzer|empfanger|empfaenger|adresse)
        (?:benutzer|empfanger|empfaenger|adress|postfach|konto)\w* .{0,40}(?:unbekannt|ungultig|ungueltig)
        (?:benutzer|empfanger|empfaenger|adress|postfach|konto)\w* .{0,40}nicht (?:gefund|bekannt|vorh)
        (?:benutzer|empfanger|empfaenger|adress|postfach|konto)\w* .{0,40}existiert nicht
        (?:utilisateur|destinataire|adresse|boite|compte) .{0,40}(?:inconnu|inexistant|invalide|introuvable)
        (?:utilisateur|destinataire|adresse|boite|compte) .{0,40}(?:n'existe|non trouve)
        no existe|(?:usuario|destinatario|direccion|buzon)\b.{0,40}(?:desconocid|inexistent|no encontr)
        (?:usuario|destinatario|endereco|caixa)\b.{0,40}(?:desconhecid|inexistent|nao (?:existe|encontrad))
        (?:utente|destin|indirizzo|casella)\S{0,9} .{0,40}(?:sconosciut|inesistent|non (?:trovat|esist)|errat)
        nessun utente|onbekend|niet gevonden|bestaat niet|finns inte|okand (?:anvandare|mottagare)
        ukendt (?:bruger|modtager)|findes ikke|ukjent (?:bruker|mottaker)|neznam|neexistuje
        bulunamad|gecersiz (?:kullanici|alici)|nerastas|neegzistuoja|ismeretlen|nincs ilyen|tuntematon
        (?:宛先|ユーザ|アドレス|受信者|メールボックス).{0,10}(?:見つかりません|存在しま|不明|ありません)
        (?:用户|收件人|邮箱|地址|帐号|账号|使用者|收件者|信箱).{0,8}(?:不存在|未找到|无效|無效)
        (?:没有|沒有|无)此(?:用户|用戶|邮箱)
        """,
    ),
)
"""What speaks of the message, the mailbox and the reader. Read last."""
