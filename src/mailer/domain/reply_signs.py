"""Phrases of replies that speak of pace, mailbox, size, network or system, and of the reader last."""

from __future__ import annotations

from mailer.domain.reply_class import Cause
from mailer.domain.sender_signs import Signs

LIMITING: Signs = (
    (
        Cause.RECIPIENT_BUSY,
        r"""
        receiving <mail> (?:too|at a rate)
        <box>\b.{0,40}(?:too many messages(?! on)|too quickly|rate limit|message rate|receives? too)
        thread limit
        mail ?box (?:is )?(?:busy|in use)
        ratelimit exceeded for mail ?box
        """,
    ),
    (
        Cause.MESSAGES,
        r"""
        <mail>(?: limit)? (?:per|in this|for this|on this|this|in one) (?:smtp )?(?:connection|session)
        too many (?:<mail>|transaction|envelope)s? <words>(?:connection|session)
        """,
    ),
    (
        Cause.CONNECTIONS,
        r"""
        too many <words>(?:connection|session)s
        (?:number|limit) of <words>(?:connection|session)s
        (?:connection|session) (?:count |rate )?limit|connection rate
        concurren(?:t|cy) (?:smtp )?(?:connections?|sessions?|limit)
        connections? (?:from your \w+ )?(?:exceed|too)
        """,
    ),
    (
        Cause.RATE,
        r"""
        rate.?limit|throttl|frequency limit
        slow(?:er|ly| down)
        too (?:fast|frequent|quick)
        (?:sending|sent|relay|smtp|recipients?)(?: \w+)? (?:limit|quota|rate)s?(?: <is>)? (?:exceeded|reached)
        <mail>(?: (?!size)\w+)? (?:limit|rate)s?(?: <is>)? (?:exceeded|reached)
        (?:hourly|daily)(?: \w+)? (?:limit|quota|rate)s?(?: <is>)? (?:exceeded|reached)
        exceed(?:s|ed|ing)? <words>(?:rate|hourly|daily|sending|messages? per|quota for)
        per (?:second|minute|hour|day)\b|(?:this|last|past) (?:minute|hour|day)\b
        (?:hourly|daily) (?:limit|quota)
        too (?:many|much) (?:\w+ )?(?:<mail>|volume)(?!s? on\b)
        temporarily deferred
        more than <words>(?:recipients|<mail>)
        """,
    ),
    (
        Cause.TOO_MANY_RECIPIENTS,
        r"""
        too many recipients|maximum number of recipients|recipients? limit
        separate transaction
        """,
    ),
    (
        Cause.GREYLISTED,
        r"""
        gr[ea]y.?list
        (?:come|try) (?:back|again|later) in \d
        retry (?:in|after) \d
        """,
    ),
)

DESCRIBING: Signs = (
    (Cause.SMTPUTF8, r"smtputf8|internationali[sz]ed (?:e?mail )?address"),
    (
        Cause.FULL,
        r"""
        <box>\b.{0,40}(?:\bfull\b|over (?:its |the |disk )?quota)
        over ?-?quota|disk quota|quota (?:<is> )?(?:exceeded|full|violation|reached)
        exceed(?:s|ed|ing)? <words>(?:quota|storage)
        mail ?box <words>(?:limit|size)
        out of (?:\w+ )?(?:storage|space)
        storage (?:space|limit|quota)|(?:exceeded|no) storage
        (?:not enough|no|insufficient) (?:storage|space|room) <words><box>
        full mail ?box|quota mail ?box|mail ?folder is full|too many messages on
        (?:insufficient|exhausted) (?:user|mail ?box)
        """,
    ),
    (
        Cause.FILTERED,
        r"""
        recipient preferences|message filtered|user rules
        only accept(?:s|ing) <mail>
        (?:filtered|refused|rejected|blocked) by (?:the )?(?:recipient|user)s?\b(?!')
        refuses? to receive|not accepting any mail
        """,
    ),
    (
        Cause.DISABLED,
        r"""
        (?:<box>|domain)\b.{0,60}\b<shut>
        (?:account|mail ?box|user) (?:<is> )?(?:\w+ )?closed
        (?:disabled|inactive|suspended|deactivated|locked|blocked|frozen|expired|dormant) <box>
        (?<!or )no longer (?:valid|active|accept|receiv|used|in use|in service)
        """,
    ),
    (
        Cause.SIZE,
        r"""
        (?:<mail>|header|attachment|content|data)s?\b.{0,40}(?:too (?:large|big)|oversized?)
        (?:<mail>|header|attachment|content|data)s?\b.{0,40}size (?:exceed|limit|is too|too)
        exceed(?:s|ed|ing)? (?:[\w"']+ ){0,5}(?:<mail>|header|attachment) (?:size|limit)
        (?:max(?:imum)?|fixed|allowed) (?:\w+ )?(?:(?:<mail>|header) )?size
        too (?:large|big) <mail>|size limit|line length
        (?:header|line|subject)s? (?:is |are )?too long
        """,
    ),
    (
        Cause.RULE,
        r"""
        polic(?:y|ies)\b(?! size)
        (?<!rejected: )access (?:denied|forbidden|refused)
        not accepting (?:connections|(?:mail|messages) from)
        connections? (?:will )?not (?:be )?accepted
        (?:client host|helo command|server|connection) (?:(?!tempor)\w+ )?(?:rejected|denied|refused by)
        administrative(?:ly)? (?:prohibit|denied|reject)|prohibited|\bbanned\b|forbidden|^blocked\b
        (?:ip|host|server|network|domain) (?:address )?(?:\S+ )?(?:<is> )?(?:\w+ly )?(?:blocked|banned|denied)
        (?:content|envelope|<mail>) (?:<is> )?(?:denied|blocked)
        <mail> (?:\w+ )?(?:<is> )?blocked|\bblocked - see
        rejected by (?:the )?destination
        not in (?:the )?(?:white|allow) ?-?list|(?:accepts? only|only accepts?) internal
        (?:helo|ehlo)\b.{0,30}(?:invalid|rejected|refused|denied|need|must|required|not)
        no smtp service here|go away|not allowed (?:to connect|access)|by (?:\S+ ){0,2}administrator
        (?:organi[sz]ation\w*|security) settings|geo(?:graph|-?block)|\bcountry\b|illegal attachment|captcha
        invalid ip\b|your (?:ip|server|host|network|mta)\b|ask your postmaster
        ^denied\b|(?:invalid|bad) [he]{2}lo\b
        """,
    ),
    (
        Cause.NETWORK,
        r"""
        timed?[ -]?out
        connection (?:<is> )?(?:refused|reset|expired|lost|dropped|failed|aborted|closed)
        (?:lost|dropped) connection|(?:tls|ssl|starttls) (?:handshake|negotiation)|handshake fail
        certificate (?:is |has )?(?:not (?:trusted|verified)|expired|verif)
        no route to host|(?:network|host) (?:is )?unreachable|not respond|no (?:answer|response) from
        too many hops|hop count|loops? back|(?:mail|routing|forwarding) loop|loop (?:detected|found)
        message looping|find a gateway|could not deliver for the last|failing for a long time|socket error
        network error|envelope expired|retries, giving up
        requests to connect|delivery failed \d+ attempts|host (?:\S+ )?(?:is )?not reachable
        (?:message|delivery|retry)(?: \w+){0,2} expired|in the queue too long|too old|retry time
        (?:been|is) (?:\w+ )?delayed|will be (?:retried|tried)|will (?:retry|keep trying)
        not (?:yet )?been delivered|not be delivered (?:for|within|after) \d|numerous attempts
        (?:unable|able|failed) to (?:establish|connect|contact|reach|look ?up)
        (?:couldn't|could not|can't|cannot) (?:establish|connect|contact|reach|look ?up)
        (?:host|name|dns|mx|lookup)\b.{0,40}(?:try again|temporar|serv ?fail)
        """,
    ),
    (
        Cause.SYSTEM,
        r"""
        disk (?:is )?(?:space|full)|insufficient (?:system|disk|resource)|system (?:storage |is )?full
        out of memory|system resources|low on (?:space|disk)
        local configuration error|configuration (?:problem|error)|server configuration
        internal (?:\w+ )?error|insufficient permission|mailer error|unexpected failure
        temporary (?:\w+ )?(?:problem|error|failure|local)|temporarily (?:unavailable|rejected|unable)
        (?:server|system|host) (?:is )?(?:busy|overload|shutting|going down|under maintenance)
        \bmaintenance\b
        verification in progress
        local (?:error|problem|delivery failed)|i/o error|error in processing|interrupted
        (?:can|could)(?:n't|'t|not| not) (?:create|write|append|open|lock)\b|write error|load is too high
        failed to read\b|no such file|being migrated
        (?:database|directory|ldap)(?: server)? (?:<is> )?(?:not available|unavailable|down)\b
        command died|command time|exit (?:status|code|\d)|bin/(?:procmail|maildrop)
        """,
    ),
)

CLOSING: Signs = (
    (
        Cause.NO_DOMAIN,
        r"""
        (?:host|domain)(?: name| or)*\S{0,3} (?:\S+ )?(?:not found|(?:<is> )?unknown|(?:does|do) not exist)
        (?:host|domain)(?: name| or)*\S{0,3} (?:\S+ )?doesn't exist|domain (?:is )?not reachable
        (?:host|domain)(?: name| or)*\S{0,3} (?:\S+ )?(?:is )?(?:non-?existent|invalid)
        (?:no such|unknown|invalid|bad) (?:(?:mail|destination|recipient) )*(?:domain|host)
        (?:non-?existent|unroute?able) (?:(?:mail|destination|recipient) )*(?:domain|host)
        unroute?able (?:mail )?address
        null ?mx|(?:never|not) accepts? (?:any |all )?mail|rejects? all mail|no mx\b|nxdomain
        no valid mx|indicated no smtp service|mail exchanger|non-?existent hosts|name or service not known
        (?:couldn't|could not|cannot) find (?:any |a )?(?:host|domain|mail server)
        """,
    ),
    # Exchange Online's directory says so; "all recipient addresses" is said of us.
    (
        Cause.UNLISTED,
        r"""
        (?<!all )recipient address rejected: access denied|recipient rejected(?:[:.]|$)|may not exist
        (?<!sender )\baddress rejected(?: \(in reply to rcpt to command\)|\.? ?$)
        """,
    ),
    (
        Cause.NO_MAILBOX,
        r"""
        (?:no such|unknown|invalid|bad) (?:(?:local|<mail>|virtual|smtp) )*<box>
        (?:non-?existent|undeliverable|unlisted) (?:(?:local|<mail>|virtual|smtp) )*<box>
        (?:no such|unknown|invalid|bad) destination (?:mail ?box )?address
        (?:no such|unknown) (?:person|name here|local.?part)
        (?<!ip )(?<!from )(?<!source )\b<box>s?\b\S* (?:\S+ ){0,8}?<missing>
        (?<!ip )(?<!from )(?<!source )\b<box>s?\b\S* (?:is |are )?(?:invalid|illegal|wrong|incorrect)
        (?:does|do|did) ?n[o'’]t (?:exist|have an? (?:\S+ )?account)
        (?:recip(?:ient)?|user).?not.?found|could ?n['’o]t be found|user.?unknown|invalid.recipient
        (?:illegal|not existing) (?:user|recipient|alias)|no such id\b|not (?:found )?in (?:\w+ )?directory
        (?:find|have) (?:a|any) (?:user|mail ?box)\b|or no longer (?:valid|in use)
        no (?:mail ?box|user|account)\b.{0,20}(?:here|by that|with that)|no ?one at this
        not (?:our|a|an) (?:(?:valid|known|local|registered|existing) )*<box>
        delivery error: dd
        badrcptto|validrcptto|invalid (?:\w+ ){0,3}user ?id\b|no valid recipients for
        no longer (?:on|here|with|works|employed|exist|at this|available)
        has (?:been )?(?:moved|left|changed)|left the (?:company|organi[sz]ation)
        """,
    ),
    (Cause.PROTOCOL, r"syntax error|protocol (?:error|violation)"),
    (
        Cause.RULE,
        r"""
        <mail>(?: from \S+)? (?:<is> )?not (?:allowed|accepted|permitted)
        <mail> (?:<is> )?(?:rejected|refused|denied|declined)
        """,
    ),
)

HINTING: Signs = (
    # A program of theirs ended with a number, as in "X-Unix; 255".
    (Cause.SYSTEM, r"^x-unix;|^\d{1,3}$"),
    (Cause.SYSTEM, r"service (?:\w+ )?(?:not |un)available"),
    (
        Cause.PROTOCOL,
        r"""
        (?:bad|improper|out of|wrong) sequence
        command (?:not |un)(?:recognized|implemented|known)|unrecognized command
        need (?:rcpt|mail)\b
        """,
    ),
    (
        Cause.CONTENT,
        r"""
        \b(?:header|mime|malformed|message-id|attachment|encoded-word|bare (?:lf|cr))
        rfc ?-?5?[238]22\b|not rfc
        """,
    ),
    (Cause.SYSTEM, r"try again|temporar|\bbusy\b|retry|\blater\b"),
)
"""Words that say less than a status code beside them."""
