"""Phrases of replies that blame us, not the reader. They are read first.

Servers misuse codes: 550 5.1.1 for a rate limit, 550 5.1.0 for a block list. Read the wrong way round,
one block would strike a whole list off.
"""

from __future__ import annotations

from mailer.domain.reply_class import Cause

Signs = tuple[tuple[Cause, str], ...]
"""A cause and its phrases, a regular expression on each line, for text in lower case.

What stands higher is read first; a phrase that starts with plain letters is found fastest. ``<mail>``,
``<box>`` and other words in angle brackets stand for the lists in reply_words.py.
"""

BLAMING_US: Signs = (
    # Our relay keeps a do-not-mail list of its own.
    (Cause.RULE, r"suppress(?:ed|ion)|not delivering to"),
    (
        Cause.REPUTATION_RATE,
        r"""
        \[tss?\d\d\]
        unusual (?:rate|sending)
        quota for sending
        due to (?:unexpected|excessive) volume
        (?:user|spam) complaints
        """,
    ),
    (
        Cause.AUTHENTICATION,
        r"""
        \b(?:spf|dkim|dmarc)\b|sender policy framework
        unauthenticated (?:<mail>|sender)
        authentication (?:information|checks|results)
        \bptr\b
        reverse (?:dns|lookup|hostname|address|name)
        \brdns\b
        bad dns
        ip name lookup failed
        cannot (?:find|resolve) your (?:host|reverse)
        mismatch(?:es)? client ip
        may not be mail exchanger
        """,
    ),
    # mi:, dt:, hl: are marks of NetEase and Tencent, sc-001 of Microsoft, rtr: of AOL.
    (
        Cause.REPUTATION,
        r"""
        reputation|sender ?score|bad ip profile
        suspicious|suspected
        spam(?<![\w.-]spam)(?![\w-]*\.\w)
        спам
        unsolicited
        \bube\b
        (?:black|block|deny)(?<!they may be black) ?-?list
        dnsbl|rbl\b|\buribl\b|spamhaus|spamcop|sorbs\.net|barracudacentral|mailspike
        blocked (?:using|by|because of)
        listed(?<!not listed)(?<!unlisted) (?:in|on|at|by)\b|ip listed
        found (?:in|on) (?:\w+ ){0,3}(?:list|dnsbl|rbl)|on our (?:\w+ )?list\b
        (?:due to|for|as|of|identified as) abus(?:e|ive)|abus detecte|open (?:proxy|relay)
        banned send|unwanted (?:<mail>|content)|messages from .{0,40}weren't sent
        virus|malware|phishing|infected
        mail score|spam score|scoring
        <mail> content (?:<is> )?rejected
        content (?:rejected|filter)
        bulk (?:<mail>|sender)|mass mail|junk
        \(bl\)|:blocked\)
        (?:mi|dt|hl):[a-z]{3}\b|(?:sc|ou|dy|bl)-00\d|(?:rtr|rly|hvu|con|dyn|dns):[a-z]
        dynamic (?:ip|address)|dial-?up|residential
        too many (?:spam|error|invalid|unknown|bad|failed|non-?existent)
        (?:number|percentage|excess\w*|mix) of (?:invalid|unknown|bad|non-?existent)
        harvest|namespace mining|dictionary attack
        """,
    ),
    (
        Cause.LOGIN,
        r"""
        \bauthentication\b
        auth (?:is )?(?:required|failure|failed|credentials|first)
        (?:requires?|needs?) auth
        need <words>auth\b
        failed to authenticate|not authenticated|unauthenticated
        password required|bad username
        invalid (?:login|password|credentials)
        (?:please|must) (?:log ?in|authenticate)
        (?:must|need to) (?:issue|use) (?:a )?(?:starttls|tls)
        tls (?:is )?required|requires? (?:starttls|tls)
        (?:must|should) be encrypted|encryption (?:is )?(?:required|needed)
        insufficient security
        """,
    ),
    (
        Cause.RELAYING,
        # Not the name of a host, and not how much one may relay.
        r"""
        (?<![.\w-])relay(?:ing|ed)?\b(?!(?: \w+)? limit| recipient table)(?![\w-]*[.=]\S)
        not authorized to (?:send|use)
        not a (?:registered )?gateway|use your (?:\w+ )?(?:provider|isp)\b
        rcpthosts|handle mail for|not (?:a )?local host
        """,
    ),
    (
        Cause.SENDER,
        r"""
        sender(?:'s)? <words>(?:rejected|denied|refused|invalid|unknown|blocked|failed|disabled|banned|not)\b
        sender(?:'s)? <words>(?:does|doesn't|has|could|couldn't)\b
        (?:invalid|unknown|bad|forged|missing|illegal) (?:sender|from|return path|mail from|envelope)
        (?:domain|address|mailbox) of (?:the )?sender
        (?:sender|sending) domain
        sending (?:is )?denied
        (?:mail ?from|from:?) (?:domain|address|header)
        unresolvable|(?:unverified|unauthori[sz]ed) sender
        your (?:\w+ )?(?:domain|account|address|mail ?box) (?:<is> )?(?:\w+ )?(?:block|suspend|disable|bann)
        members (?:can|may) (?:post|send)
        all messages from|badmailfrom|dns check failed|envelope sender
        \bbatv\b|backscatter|third-party dsn
        not (?:allowed|permitted) to (?:send|post)|your domain (?:<is> )?not\b
        members?-only|non-?member|permissions? to (?:post|send)
        not (?:a )?member of (?:\w+ ){0,3}(?:list|group)\b
        (?:empty|null|blocked) (?:envelope )?senders?
        (?:address|identity|domain)(?:es)? (?:<is> )?not verified
        (?:don't|not|won't|never) accept (?:any )?(?:<mail>|connection)s? from
        emetteur invalide
        """,
    ),
    (
        Cause.CHALLENGE,
        r"""
        requires? (?:sender )?(?:confirmation|verification)
        \bboxbe\b
        (?:confirm|verify) (?:that )?(?:you|your)
        challenge.{0,10}response
        """,
    ),
)
