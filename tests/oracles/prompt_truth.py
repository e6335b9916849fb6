"""Whether a sentence offered to staff is true, read from the sentence itself and the plain record of what happened.

It knows nothing of the product: not its rules, its tables or its facts. Whoever keeps the record writes down what they
did; this reads English, in any of the three tones, and says what is wrong with it, or nothing. Where a sentence leaves out
what it is about ("We promised something for today."), the sentence that answers "Why this?" quotes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

GRACE = 10
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()


@dataclass
class Trouble:
    """A trouble of theirs, each time it came; or a fault of ours they told us of."""

    text: str
    ours: bool
    times: list[date]
    solved: date | None = None


@dataclass
class Wrong:
    """Something that went wrong on our side."""

    text: str
    day: date
    sorry: bool = False
    owned: bool = False
    good: bool = False
    silence: bool = False  # a reminder of ours that did not reach them

    @property
    def over(self) -> bool:
        return self.good or (self.silence and self.sorry)


@dataclass
class Promised:
    """What we said we would do for them, and what became of it."""

    text: str
    day: date
    due: date | None
    channel: str
    kept: date | None = None
    has_it: bool = False
    closed: bool = False
    on_its_way: str = ""  # "sent", "lost", or "waiting": nobody has sent it so far

    @property
    def is_open(self) -> bool:
        return not (self.kept or self.closed)


@dataclass
class Asked:
    """A question of ours to them, or theirs to us; `after` a trouble was solved, whether it still is."""

    text: str
    by: str
    day: date
    theirs: bool = False
    reply: str = ""
    not_before: date | None = None
    over: bool = False
    skips: int = 0
    after: Trouble | None = None
    anew: date | None = None  # the day on which somebody had it asked again

    @property
    def is_open(self) -> bool:
        return not self.over and self.skips < 2

    def is_due(self, day: date) -> bool:
        return self.is_open and (self.not_before is None or self.not_before <= day)

    def is_meant(self, about: str) -> bool:
        """Say whether a question that is quoted is this one."""
        if self.after is None:
            return self.text == about
        return bare(about.partition(": ")[2]) == bare(self.after.text)


@dataclass
class Step:
    """What one of us did for them that nobody had to do."""

    text: str
    by: str
    day: date


@dataclass
class SentOn:
    """To whom we sent them, and on which day to ask."""

    text: str
    day: date
    check_on: date
    outcome: str = ""


@dataclass
class Life:
    """All that happened with one customer, as it happened."""

    pronoun: str = ""
    child: bool = False
    visits: list[tuple[date, int, set[str]]] = field(default_factory=list)  # day, minute, who marked them ("": nobody)
    elsewhere: list[date] = field(default_factory=list)  # visits to the other shop
    before_records: date | None = None  # when they really came first, if nobody wrote that down
    chips: dict[date, set[str]] = field(default_factory=dict)
    usuals: list[tuple[date, str]] = field(default_factory=list)
    named: tuple[date, str, str] | None = None  # the day, the word it was, the name
    say_as: str = ""
    call: str = ""
    wishes: set[str] = field(default_factory=set)
    wrote: set[str] = field(default_factory=set)  # who ever wrote anything about them
    booked: dict[date, int] = field(default_factory=dict)
    lost: dict[date, str] = field(default_factory=dict)  # by which way our reminder of that day's appointment failed
    excused: set[date] = field(default_factory=set)  # they came late then, and that was ours
    missed: list[tuple[date, str]] = field(default_factory=list)  # with whose cause it was
    state: str = "active"  # by now
    born: tuple[int | None, int, int] | None = None  # year, month and day, as they told us
    dogs: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    wrongs: list[Wrong] = field(default_factory=list)
    promised: list[Promised] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    sent_on: list[SentOn] = field(default_factory=list)
    brought: list[tuple[date, Life]] = field(default_factory=list)  # who said that they had sent them
    said: list[tuple[date, str, str, str]] = field(default_factory=list)  # day, fact, why, what became of it

    def is_child(self, today: date) -> bool:
        if self.born is None or self.born[0] is None:
            return self.child
        year, month, day = self.born
        return self.child or (today.year - 16, today.month, today.day) < (year, month, day)


@dataclass(frozen=True)
class Now:
    """The moment somebody reads the words."""

    day: date
    minute: int
    asker: str
    on_shift: frozenset[str]
    arrived: int | None = None
    closed: frozenset[int] = frozenset()
    team: frozenset[str] = frozenset()  # who works here
    behind: int | None = None  # minutes, as one of us said today
    out: tuple[str, ...] = ()  # what has run out today


def number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS.index(word.lower())


def bare(text: str) -> str:
    return text.strip(" .?").lower()


def quoted(text: str) -> str:
    """Return the first thing that a sentence quotes."""
    match = re.search("“(.+?)”", text)
    return match[1] if match else ""


def clock(words: str) -> set[int]:
    """Return the minutes after midnight that spoken words may mean, of both halves of the day."""
    if words == "noon":
        return {720}
    past, _, hour = words.rpartition(" ")
    minutes = {"": 0, "a quarter past": 15, "half past": 30, "a quarter to": -15}[past]
    return {(number(hour) % 12 * 60 + minutes + half) % 1440 for half in (0, 720)}


class Reading:
    """One life seen from one moment: what was so before this visit."""

    def __init__(self, life: Life, now: Now, ask: str, why: str):
        self.life, self.now, self.day, self.ask = life, now, now.day, ask
        self.about = quoted(why)
        self.visits = sorted((v for v in life.visits if v[0] < now.day), key=lambda v: v[:2])
        self.days = sorted({day for day, _, _ in self.visits})
        self.elsewhere = [day for day in life.elsewhere if day < now.day]

    def first_minute(self, day: date) -> int | None:
        return min((minute for on, minute, _ in self.visits if on == day), default=None)

    def lateness(self) -> list[tuple[date, int]]:
        """Return the days and minutes after the booked time of each appointment they came to, within two hours of it."""
        found = []
        for day, booked in sorted(self.life.booked.items()):
            near = [minute - booked for on, minute, _ in self.visits if on == day and abs(minute - booked) <= 120]
            if near and day not in self.life.excused:
                found.append((day, min(near, key=lambda late: (abs(late), late))))
        return found

    @property
    def late(self) -> int | None:
        booked = self.life.booked.get(self.day)
        if booked is None:
            return None
        return (self.now.minute if self.now.arrived is None else self.now.arrived) - booked

    @property
    def usual(self) -> str:
        return self.life.usuals[-1][1] if self.life.usuals else ""

    @property
    def really_first(self) -> date | None:
        return min(
            [day for day in (self.life.before_records, *self.days[:1], *self.elsewhere[:1]) if day], default=None
        )

    def fits(self, text: str, said: re.Match[str]) -> bool:
        """Say whether a thing is the one that the words are about, and named rightly where they name it."""
        named = said.groupdict().get("text")
        return text == self.about and (named is None or bare(named) == bare(text))

    def lately_on(self, day: date, weekday: str | None) -> bool:
        """Say whether a day of the last months may be called by that weekday, or by none."""
        ago = (self.day - day).days
        return ago <= 183 if weekday is None else ago < 7 and WEEKDAYS[day.weekday()] == weekday

    def marked(self, name: str) -> int:
        return sum(name in staff for _, _, staff in self.visits[-5:])


Check = Callable[[Reading, re.Match[str]], bool]
SENTENCES: list[tuple[str, re.Pattern[str], Check]] = []


def true_of(kind: str, *patterns: str) -> Callable[[Check], Check]:
    def add(check: Check) -> Check:
        SENTENCES.extend((kind, re.compile(pattern), check) for pattern in patterns)
        return check

    return add


@true_of(
    "third",
    r"Third (?P<day>\w+) (?:in a row|running)\.",
    r"Three (?P<day>\w+)s\. (?:She likes|He likes|They like) us\.",
)
def _third(r: Reading, said: re.Match[str]) -> bool:
    came = [r.day - timedelta(weeks=n) in r.days for n in (1, 2, 3)]
    return WEEKDAYS[r.day.weekday()] == said["day"] and came == [True, True, False]


@true_of("week", r"In at (?P<time>.+) all week\.")
def _week(r: Reading, said: re.Match[str]) -> bool:
    so_far = [r.day - timedelta(days=n) for n in range(1, r.day.weekday() + 1)]
    open_days = [day for day in so_far if day.weekday() not in r.now.closed]
    minutes = [r.first_minute(day) for day in open_days]
    for named in clock(said["time"]):
        all_then = all(minute is not None and abs(minute - named) <= 10 for minute in minutes)
        today = r.now.minute - 10 <= named if r.now.arrived is None else abs(r.now.arrived - named) <= 10
        if all_then and today and len(open_days) >= 3:
            return True
    return False


@true_of("second", r"Second visit\.")
def _second(r: Reading, said: re.Match[str]) -> bool:
    return len(r.visits) == 1 and not r.elsewhere


@true_of("new", r"New to us\.", r"New to us, and we to (?:her|him|them)\.")
def _new(r: Reading, said: re.Match[str]) -> bool:
    return not r.visits and not r.elsewhere and r.day in r.life.booked


@true_of("name", r"We learned (?:her|his|their) name (?:on (?P<day>\w+day)|last time)\.")
def _name(r: Reading, said: re.Match[str]) -> bool:
    if not r.life.named or r.life.named[0] != r.days[-1]:
        return False
    day, was, name = r.life.named
    new = not set(was.lower().split()) & set(name.lower().split())
    return new and (said["day"] is None or (WEEKDAYS[day.weekday()] == said["day"] and (r.day - day).days < 7))


@true_of("spoken", r"It is said (?P<how>.+)\.")
def _spoken(r: Reading, said: re.Match[str]) -> bool:
    tried = any(what == "said" and fact == said.string for day, fact, _, what in r.life.said if day < r.day)
    return r.life.say_as == said["how"] and not tried


@true_of("called", r"(?:She likes|He likes|They like|Likes to be called) (?P<name>.+)\.")
def _called(r: Reading, said: re.Match[str]) -> bool:
    return r.life.call == said["name"]


@true_of("hundred", r"About (?P<count>a hundred|two hundred|five hundred|a thousand) visits\.")
def _hundred(r: Reading, said: re.Match[str]) -> bool:
    about = {"a hundred": 100, "two hundred": 200, "five hundred": 500, "a thousand": 1000}[said["count"]]
    return about <= len(r.visits) + 1 < about * 1.05


@true_of("year", r"(?P<count>A|\w+) years? since the first visit\.")
def _year(r: Reading, said: re.Match[str]) -> bool:
    first = r.really_first
    years = 1 if said["count"] == "A" else number(said["count"])
    if first is None:
        return False
    anniversary = first + timedelta(days=round(365.25 * years))
    return timedelta(days=-1) <= r.day - anniversary <= timedelta(days=14) and len(r.visits) >= 6


@true_of("long", r"With us since (?P<year>\d{4})\.")
def _long(r: Reading, said: re.Match[str]) -> bool:
    days = [*r.days, r.day]
    stayed = all((b - a).days < 365 for a, b in pairwise(days))
    first = r.really_first
    return first is not None and first.year == int(said["year"]) and (r.day - first).days >= 730 and stayed


@true_of("back", r"Back after a while\.")
def _back(r: Reading, said: re.Match[str]) -> bool:
    gaps = [(b - a).days for a, b in pairwise(r.days)]
    if len(gaps) < 2:
        return False
    away = (r.day - max(r.days + r.elsewhere)).days
    return away >= 10 and (r.day - r.days[-1]).days >= 3 * median(gaps)


@true_of("late", r"First time late in (?P<count>\S+) visits\.", r"First time late since (?P<when>.+)\.")
def _late(r: Reading, said: re.Match[str]) -> bool:
    if r.late is None or not GRACE < r.late <= 120:
        return False
    past = r.lateness()
    late_days = [day for day, late in past if late > GRACE]
    if said.groupdict().get("count"):
        return len(past) >= number(said["count"]) >= 5 and not late_days
    if not late_days or sum(day > late_days[-1] for day, _ in past) < 5:
        return False
    last = late_days[-1]
    names = {MONTHS[last.month - 1], f"{MONTHS[last.month - 1]} {last.year}", f"{last.day} {MONTHS[last.month - 1]}"}
    recent = (r.day.year - last.year) * 12 + r.day.month - last.month
    return said["when"] in names and (said["when"] != MONTHS[last.month - 1] or 0 < recent < 12)


PAST = {"five": 5, "ten": 10, "quarter": 15, "fifteen": 15, "twenty": 20, "twenty-five": 25, "half an hour": 30}


@true_of("later", r"(?P<n>[\w-]+) (?P<how>past|minutes after) is (?:her|his|their) usual\.")
def _later(r: Reading, said: re.Match[str]) -> bool:
    n = PAST[said["n"].lower()]
    last = r.lateness()[-5:]
    as_usual = [(day, late) for day, late in last if n / 2 <= late <= n + 5 and late >= n - 5]
    if r.late is None or r.late <= 0 or r.late > n + 5 or len(as_usual) < 3:
        return False
    if said["how"] == "past" and any(r.life.booked[day] % 60 for day in [r.day, *[day for day, _ in as_usual]]):
        return False
    return r.now.arrived is None or r.late >= max(n - 5, n / 2)


@true_of(
    "early",
    r"(?P<n>Half an hour|[\w-]+)(?: minutes)? early, (?P<ever>as ever)\.",
    r"Usually (?P<n>half an hour|[\w-]+)(?: minutes)? early\.",
)
def _early(r: Reading, said: re.Match[str]) -> bool:
    n = PAST[said["n"].lower()]
    last = [-late for _, late in r.lateness()[-5:]]
    least, most = max(n - 5, n / 2), n + 5
    if len(last) < 5 or any(not least <= early <= most for early in last) or r.late is None:
        return False
    if said.groupdict().get("ever"):
        return r.now.arrived is not None and least <= -r.late <= most
    return r.now.arrived is None and -r.late >= least


@true_of("quick", r"Likes to be quick\.")
def _quick(r: Reading, said: re.Match[str]) -> bool:
    return "quick" in r.life.wishes


@true_of("quick", r"Often in a hurry\.")
def _hurry(r: Reading, said: re.Match[str]) -> bool:
    return sum("hurry" in r.life.chips.get(day, ()) for day in r.days[-5:]) >= 3


@true_of("quiet", r"Likes it quiet\.")
def _quiet(r: Reading, said: re.Match[str]) -> bool:
    names_it = "usual" in r.ask
    return "quiet" in r.life.wishes and (bool(r.usual) or not names_it)


@true_of("unmet", r"You have not met yet\.")
def _unmet(r: Reading, said: re.Match[str]) -> bool:
    named = all(staff - {""} for _, _, staff in r.visits)
    met = set().union(*(staff for _, _, staff in r.visits)) | r.life.wrote
    return len(r.visits) >= 3 and named and r.now.asker not in met


@true_of("favourite", r"(?P<name>.+) usually serves (?:her|him|them)\.")
def _favourite(r: Reading, said: re.Match[str]) -> bool:
    name = said["name"]
    hello = r.ask.startswith(f"Say hello from {name}")
    off = name != r.now.asker and name not in r.now.on_shift and name in r.now.team
    return r.marked(name) >= 3 and off and hello


@true_of("oftener", r"(?P<n>Twice|\w+ times) a week now\.")
def _oftener(r: Reading, said: re.Match[str]) -> bool:
    n = 2 if said["n"] == "Twice" else number(said["n"].split()[0])
    weeks = [sum(0 < (r.day - day).days - 7 * week <= 7 for day in r.days) for week in range(12)]
    return all(count >= n for count in weeks[:4]) and sum(weeks[:4]) < 4 * n + 4 and sum(weeks[4:]) / 8 <= n / 2


@true_of("changed", r"Something new last time\.")
def _changed(r: Reading, said: re.Match[str]) -> bool:
    return "new" in r.life.chips.get(r.days[-1], ())


@true_of("usual", r"(?P<what>.+), (?P<n>\w+) times running\.")
def _running(r: Reading, said: re.Match[str]) -> bool:
    last = r.days[-number(said["n"]) :]
    chips = [r.life.chips.get(day, set()) for day in last]
    same = all(_usual_on(r, day) == said["what"] for day in last) and r.usual == said["what"]
    return len(last) >= 3 and same and all("usual" in tapped and "new" not in tapped for tapped in chips)


def _usual_on(r: Reading, day: date) -> str:
    """Return what was written down as the usual before a day."""
    return next((text for on, text in reversed(r.life.usuals) if on < day), "")


@true_of("usual", r"(?P<what>.+) is the usual\.")
def _usual(r: Reading, said: re.Match[str]) -> bool:
    return r.usual == said["what"] and len(r.days) >= 3


# -- what is open between us


@true_of("mistake", r"Our mistake: “(?P<text>.+)”\.", r"We got something wrong (?P<when>last time|a while ago)\.")
def _mistake(r: Reading, said: re.Match[str]) -> bool:
    when = said.groupdict().get("when")
    last = [wrong for wrong in r.life.wrongs if r.fits(wrong.text, said) and not wrong.sorry and not wrong.silence]
    return any(when is None or (wrong.day in r.days[-1:]) == (when == "last time") for wrong in last)


@true_of("silence", r"Our reminder failed (?:on (?P<day>\w+day)|(?P<week>last week)|a while ago)\.")
def _silence(r: Reading, said: re.Match[str]) -> bool:
    """It is of the last that failed before today's, of which it was known yesterday, and that nobody has said sorry for."""
    yesterday = r.day - timedelta(days=1)
    silent = [wrong.day for wrong in r.life.wrongs if wrong.silence and not wrong.sorry and wrong.day < yesterday]
    if not silent:
        return False
    if said["day"]:
        return r.lately_on(silent[-1], said["day"])
    monday = r.day - timedelta(days=r.day.weekday())
    return (monday - timedelta(days=7) <= silent[-1] < monday) == bool(said["week"])


@true_of(
    "silent and late",
    r"(?:First time late in (?P<count>\S+) visits\. )?Our reminder did not reach (?:her|him|them)\.",
)
def _late_by_silence(r: Reading, said: re.Match[str]) -> bool:
    if r.day not in r.life.lost or r.late is None or not GRACE < r.late <= 120:
        return False
    past = r.lateness()
    return said["count"] is None or (
        len(past) == number(said["count"]) >= 5 and not any(late > GRACE for _day, late in past)
    )


@true_of(
    "lost",
    r"Our (?P<how>email|text) did not reach (?:her|him|them)\.",
    r"What we sent did not reach (?:her|him|them)\.",
)
def _lost(r: Reading, said: re.Match[str]) -> bool:
    channel = {"email": "email", "text": "sms"}.get(said.groupdict().get("how") or "", "")
    return any(
        one.kept and one.on_its_way == "lost" and not one.has_it and not one.closed
        and (one.channel == channel or (not channel and one.channel not in ("email", "sms")))
        for one in r.life.promised if r.fits(one.text, said)
    )  # fmt: skip


@true_of("trouble", r"“(?P<text>.+)”: (?P<n>\w+) times now\.", r"The same trouble, (?P<n>\w+) times now\.")
def _trouble(r: Reading, said: re.Match[str]) -> bool:
    same = [one for one in r.life.troubles if r.fits(one.text, said) and not one.ours and not one.solved]
    return any(len(one.times) == number(said["n"]) >= 2 for one in same)


@true_of("overdue", r"Still promised: “(?P<text>.+)”\.", r"We still owe (?:her|him|them) something\.")
def _overdue(r: Reading, said: re.Match[str]) -> bool:
    return any(one.is_open and one.due and one.due < r.day for one in r.life.promised if r.fits(one.text, said))


@true_of("due", r"Promised: “(?P<text>.+)”\.", r"We promised something for (?P<when>today|the next visit)\.")
def _due(r: Reading, said: re.Match[str]) -> bool:
    due = {"today": (r.day,), "the next visit": (None,)}.get(said.groupdict().get("when") or "", (None, r.day))
    return any(one.is_open and one.due in due for one in r.life.promised if r.fits(one.text, said))


@true_of("missed", r"Missed (?P<day>\w+day), a first\.", r"Missed the last one, a first\.")
def _missed(r: Reading, said: re.Match[str]) -> bool:
    if len(r.life.missed) != 1 or len(r.lateness()) < 3:
        return False
    (day, cause), weekday = r.life.missed[0], said.groupdict().get("day")
    been = any(later >= day for later in r.days + r.elsewhere)
    return cause not in ("ours", "both") and not been and r.lately_on(day, weekday)


BEHIND = {"five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty-five": 45, "60": 60}


@true_of("behind", r"We are (?P<n>\S+) minutes behind\.")
def _behind(r: Reading, said: re.Match[str]) -> bool:
    n = BEHIND[said["n"]]
    soon = r.late is not None and (r.now.arrived is not None or -30 <= r.late <= n)
    return r.now.behind == n and soon


@true_of("out", r"No (?P<what>.+) left today\.")
def _out(r: Reading, said: re.Match[str]) -> bool:
    gone = [what for what in r.now.out if bare(what) == bare(said["what"])]
    return bool(gone) and all(word in re.findall(r"\w+", r.usual.lower()) for word in bare(gone[0]).split())


@true_of("birthday", r"(?:She|He|They) asked us to remember today\.")
def _birthday(r: Reading, said: re.Match[str]) -> bool:
    if r.life.born is None:
        return False
    month, day = r.life.born[1:]
    leap = r.day.year % 4 == 0
    return (r.day.month, r.day.day) == ((2, 28) if (month, day) == (2, 29) and not leap else (month, day))


@true_of("theirs", r"(?:She|He|They) asked: “(?P<text>.+)”\.", r"(?:She|He|They) asked us something\.")
def _theirs(r: Reading, said: re.Match[str]) -> bool:
    told = re.fullmatch(r"Tell (?:her|him|them): (?P<reply>.+)\.", r.ask)
    return any(
        one.theirs and one.is_due(r.day) and one.reply and (told is None or bare(told["reply"]) == bare(one.reply))
        for one in r.life.asked if r.fits(one.text, said)
    )  # fmt: skip


@true_of("fine", r"We solved (?:her|his|their) trouble\.")
def _fine(r: Reading, said: re.Match[str]) -> bool:
    return any(
        one.after and one.after.solved and not one.after.ours and (r.day - one.after.solved).days >= 7 and one.is_due(r.day)
        for one in r.life.asked if one.after and one.is_meant(r.about)
    )  # fmt: skip


@true_of("question", r"(?P<by>.+) left a question\.", r"There is a question to ask\.")
def _question(r: Reading, said: re.Match[str]) -> bool:
    words, by = quoted(r.ask), said.groupdict().get("by")
    return any(
        one.is_meant(r.about) and one.is_due(r.day)
        and (not words or bare(words) == bare(one.text)) and by in (None, one.by)
        for one in r.life.asked if not one.theirs and not one.after
    )  # fmt: skip


@true_of(
    "arrived",
    r"We (?P<how>emailed|texted) (?:it on (?P<day>\w+)|what was promised)\.",
    r"We (?P<how>kept) a promise (?:on (?P<day>\w+)|lately)\.",
)
def _arrived(r: Reading, said: re.Match[str]) -> bool:
    channels = {"emailed": ("email",), "texted": ("sms",), "kept": ("counter", "phone")}[said["how"]]
    return any(
        one.channel in channels and one.kept and one.kept < r.day and r.lately_on(one.kept, said["day"])
        and not one.has_it and not one.closed and one.on_its_way in ("", "sent")
        for one in r.life.promised if r.fits(one.text, said)
    )  # fmt: skip


@true_of("sent on", r"We sent (?:her|him|them) to (?P<text>.+)\.", r"We sent (?:her|him|them) on to somebody\.")
def _sent_on(r: Reading, said: re.Match[str]) -> bool:
    waiting = [one for one in r.life.sent_on if one.outcome in ("", "no_answer") and one.check_on <= r.day]
    return any(r.fits(one.text, said) for one in waiting)


@true_of("mended", r"The fault (?:she|he|they) told us of is mended\.")
def _mended(r: Reading, said: re.Match[str]) -> bool:
    mended = [one for one in r.life.troubles if one.ours and one.solved and (r.day - one.solved).days <= 60]
    return any(r.fits(one.text, said) for one in mended)


@true_of(
    "step",
    r"(?P<by>.+): “(?P<text>.+)”\.",
    r"We went a step further on (?P<day>\w+)\.",
    r"We went a step further lately\.",
)
def _step(r: Reading, said: re.Match[str]) -> bool:
    told = said.groupdict()
    return any(
        told.get("by") in (None, one.by) and (r.day - one.day).days <= 60 and r.lately_on(one.day, told.get("day"))
        for one in r.life.steps if r.fits(one.text, said)
    )  # fmt: skip


@true_of("friend", r"Brought a friend last time\.")
def _friend(r: Reading, said: re.Match[str]) -> bool:
    return "friend" in r.life.chips.get(r.days[-1], ())


@true_of("dogs", r"(?P<names>.+) (?:is the dog|are the dogs)\.")
def _dogs(r: Reading, said: re.Match[str]) -> bool:
    one = said.string.endswith("is the dog.")
    return bool(r.life.dogs) and re.split(", | and ", said["names"]) == r.life.dogs and one == (len(r.life.dogs) == 1)


@true_of("sender", r"Someone came on (?:her|his|their) word\.")
def _sender(r: Reading, said: re.Match[str]) -> bool:
    came = [
        day for day, newcomer in r.life.brought
        if any(on < r.day for on in [*(on for on, _, _ in newcomer.visits), *newcomer.elsewhere])
    ]  # fmt: skip
    thanked = sum(read(fact)[0] == "sender" for day, fact, _, _ in r.life.said if day < r.day)
    return len(came) > thanked and any((r.day - day).days <= 60 for day in came)


FAILINGS = {"mistake", "silence", "silent and late", "lost", "trouble", "overdue", "due"}  # of ours: until mended
ALWAYS = {*FAILINGS, "second", "new", "quick", "quiet"}  # to whoever wants quiet or no notes, and in a crowd
ASKED = {"theirs", "fine", "question"}  # on two visits at most
TODAY = {"behind", "out"}
ONCE = {"step", "mended"}  # for each thing; of who sends us people it is counted above
YEARLY = {"hundred", "long", "missed"}
GRAVE = {*FAILINGS, "late", "later", "missed", "quiet", "quick", "behind", "theirs"}  # fit for somebody in trouble
PRONOUNS = {"she": {"she", "her", "hers"}, "he": {"he", "him", "his"}}


def read(fact: str) -> tuple[str, re.Match[str], Check]:
    """Return what kind of sentence this is. Raises ValueError for one that is none we know."""
    for kind, pattern, check in SENTENCES:
        if match := pattern.fullmatch(fact):
            return kind, match, check
    raise ValueError(fact)


def complaint(fact: str, ask: str, why: str, life: Life, now: Now, crowd: bool = False) -> str | None:
    """Return what is wrong with words offered at a moment, None where they are true and may be said."""
    kind, match, check = read(fact)
    if not check(Reading(life, now, ask, why), match):
        return "is not true"
    ours = set(re.findall(r"[a-z]+", re.sub("“.+?”", "", f"{fact} {ask}").lower()))
    if any(ours & forms and life.pronoun != pronoun for pronoun, forms in PRONOUNS.items()):
        return "is of somebody else"
    if life.is_child(now.day):
        return "is said to a child"
    if life.state != "active":
        return "is said of somebody we do not look out for"
    if kind not in ALWAYS and life.wishes & {"quiet", "no_notes"}:
        return "is said to somebody who wants none of it"
    if kind not in ALWAYS and crowd:
        return "is said in a crowd"
    if kind not in GRAVE and any(not trouble.ours and not trouble.solved for trouble in life.troubles):
        return "is said to somebody in trouble"
    if kind not in GRAVE and any(not wrong.over and (now.day - wrong.day).days <= 180 for wrong in life.wrongs):
        return "is said to somebody whom we made no amends"
    return _again(kind, quoted(why), life, now)


def _again(kind: str, about: str, life: Life, now: Now) -> str | None:
    """Return what is wrong with saying words of a kind again."""
    earlier = [(day, quoted(why)) for day, fact, why, _ in life.said if day < now.day and read(fact)[0] == kind]
    same = [day for day, what in earlier if what == about]
    if kind == "fine":  # solved once more, it is another question
        solved = max(one.day for one in life.asked if one.after and one.is_meant(about))
        same = [day for day in same if day > solved]
    if kind in ASKED:
        anew = max((one.anew for one in life.asked if one.anew and one.is_meant(about)), default=date.min)
        same = [day for day in same if day > anew]
    if (kind in ASKED and len(same) >= 2) or (kind in ONCE and same):
        return "was said often enough"
    rest = 365 if kind in YEARLY else 28
    if kind not in ALWAYS | ASKED | TODAY and any((now.day - day).days < rest for day, _ in earlier):
        return "was said lately"
    return None
