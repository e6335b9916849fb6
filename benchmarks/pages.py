"""Pages that a shift looks at: today, its poll, a card, and every page in a shop with a hundred times the visits."""

from __future__ import annotations

from collections.abc import Iterator

from app import Config, create_app
from benchmarks import turns
from benchmarks.arrivals import arrive, leave
from benchmarks.phones import HTMX, Phone
from benchmarks.stand import Figure, Stand
from models import db
from views.asking import roles_of


def unchanged(stand: Stand) -> Figure:
    """Return what today costs while nothing changes, in CPU time, against hello."""
    phone, hello = stand.phone("large"), stand.hello()
    found = turns.by_cpu(
        stand.app("large"), lambda: phone.get("/today"), stand.limit(), hello, stand.pairs, stand.times(200)
    )
    return Figure(found.ratio, found.told())


def poll(stand: Stand) -> Figure:
    """Return what a phone's question costs whether there is anything new, when there is not."""
    phone, hello = stand.phone("large"), stand.hello()
    asked = {**HTMX, "HX-PTag": ""}
    answered = {200: 0, 304: 0}

    def ask() -> None:
        answer = phone.get("/today", expect=0, **asked)
        answered[answer.status] += 1
        asked["HX-PTag"] = answer.headers.get("HX-PTag", asked["HX-PTag"])

    found = turns.by_cpu(stand.app("large"), ask, stand.limit(), hello, stand.pairs, stand.times(300))
    fault = "" if answered[304] > answered[200] else "Most polls were answered in full."
    return Figure(found.ratio, f"{found.told()}; {answered[200]} of {sum(answered.values())} were new", fault)


def after_a_write(stand: Stand) -> Figure:
    """Return how long today takes when it is the first look after somebody came, against hello."""
    shop, phone, other, hello = stand.shop("large"), stand.phone("large"), stand.phone("large", 1), stand.hello()
    here: list[str] = []

    def look() -> float:
        if here:
            leave(other, here.pop())
        else:
            here.append(arrive(other, shop.listed[0]).undo)
        return phone.get("/today").seconds

    found = turns.by_p50(look, hello, stand.pairs, stand.times(40))
    if here:
        leave(other, here.pop())
    return Figure(found.ratio, found.told())


def card(stand: Stand) -> Figure:
    """Return how long the card of somebody with 200 visits and 30 notes takes, against hello."""
    path, phone, hello = f"/customers/{stand.shop('large').well_known}", stand.phone("large"), stand.hello()
    found = turns.by_p50(lambda: phone.get(path).seconds, hello, stand.pairs, stand.times(40))
    return Figure(found.ratio, found.told())


def growth(stand: Stand) -> Figure:
    """Return the largest ratio of any page's waiting time in the large shop to that in the small one.

    Of many pages one is always unlucky: the three worst are looked at once more, and longer, and that counts.
    """
    pages = dict(every_page(stand))
    first = {page: _grown(stand, page, staff, 10) for page, staff in pages.items()}
    worst = sorted(first, key=lambda page: -first[page].ratio)[:3]
    again = {page: _grown(stand, page, pages[page], 40) for page in worst}
    worst.sort(key=lambda page: -again[page].ratio)
    also = ", ".join(f"{page} {again[page].ratio:.2f}" for page in worst[1:])
    return Figure(again[worst[0]].ratio, f"{worst[0]}: {again[worst[0]].told()}; then {also}; {len(first)} pages")


def _grown(stand: Stand, page: str, staff: bool, times: int) -> turns.Compared:
    def look(size: str) -> turns.Timed:
        phone, path = _visitor(stand, size, staff), page.format(customer=stand.shop(size).well_known)
        return lambda: phone.get(path).seconds

    return turns.by_p50(look("large"), look("small"), stand.pairs, stand.times(times))


def _visitor(stand: Stand, size: str, staff: bool) -> Phone:
    if staff:
        return stand.phone(size)
    return stand.once(f"owner {size}", lambda: Phone(stand.app(size).url, stand.shop(size).owner))


def every_page(stand: Stand) -> Iterator[tuple[str, bool]]:
    """Yield the address of each page there is ("{customer}" for somebody's number), and whether staff may see it.

    Taken from the app's own list of addresses, so that a new page is measured without being named here. Left out is
    what needs a number of anything but a customer, what leads elsewhere, and what is no page.
    """
    app = create_app(Config(data=stand.shop("small").folder, database_url=""))
    db.close()
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        roles = roles_of(app, rule.endpoint)
        path = rule.rule.replace("<int:customer_id>", "{customer}")
        if "GET" not in (rule.methods or ()) or "<" in path or path.startswith(("/static", "/api")) or not roles:
            continue
        phone = _visitor(stand, "small", "staff" in roles)
        answer = phone.get(path.format(customer=stand.shop("small").well_known), expect=0)
        if answer.status == 200 and answer.headers.get_content_type() == "text/html":
            yield path, "staff" in roles


def weight(stand: Stand) -> Figure:
    """Return the bytes of today as they are sent to a browser, in thousands."""
    answer = stand.phone("large").get("/today")
    packed = answer.headers.get("Content-Encoding")
    return Figure(len(answer.body) / 1000, f"as sent, {packed or 'not compressed'}, 60 people listed")
