"""The people of the demo shop. Everybody is invented; any likeness is chance.

A habit is a word and how far from the present hour its time lies, in minutes: the shop is alive whenever it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One invented regular."""

    name: str
    habit: str  # see demo.shop.comes
    minutes: int | None  # from now; None: at no particular hour
    usual: str = ""
    say_as: str = ""
    call: str = ""
    pronoun: str = ""
    lang: str = ""
    note: str = ""
    kind: str = ""  # of the note: "", "list", "safety", "private"
    here: int | None = None  # came that many minutes ago, today
    story: str = ""  # what there is to say of them besides: see demo.shop.tell


CAST = (
    # already here
    Person("Tomás Ferreira", "daily", -55, "Galão, toast with butter", "too-MASH", "Tomás", here=52, pronoun="he", lang="pt"),
    Person("Folake Adeyemi", "weekly", -30, "Rooibos, lemon drizzle", "", "Mrs Adeyemi", "she", "yo", here=31, story="call"),
    Person("Jo Mbeki-Larsson", "often", -20, "Chai, extra hot", "", "Jo", "they", here=14),
    Person("Kwame Boateng", "daily", -10, "Espresso, double", "KWAH-mee", "Kwame", "he", here=7),
    # past their usual time
    Person("Daniel Weiss", "daily", -38, "Filter, black", "", "", "he"),
    Person("Desmond Fairweather", "late", -14, "Pot of Assam", "", "", "he", "", "Comes on the 38, and buses wait. Keep the table by the door.", "late"),
    # next
    Person("Priya Raghunathan", "third", 4, "Flat white, oat · almond croissant", "PREE-ya", "Priya", "she", "ta", "Left-handed. Likes the window stool."),
    Person("Joan Whitlock", "booked", 13, "Victoria sponge", "", "", "she", story="quick"),
    Person("Bilal Iqbal", "weekdays", 13, "Cheese sandwich, no pickle", "", "Mr Iqbal", "he", story="call"),
    Person("Astrid Lindqvist", "hundred", 24, "Cardamom bun, milk", "", "", "she", "sv"),
    # later
    Person("Siobhán Ní Dhomhnaill", "weekly", 30, "Tea, two sugars", "shi-VAWN", "", "she", "ga", story="say"),
    Person("Nguyễn Thị Minh Khai", "daily", 55, "Egg roll, no chilli", "", "", "she", "vi", "No chilli, ever. It burns her mouth badly.", "safety"),
    Person("Wolfgang-Maximilian von Hohenlohe-Waldenburg", "booked-later", 250, "", "", "", "he", "de"),
    Person("Hiroshi Tanaka", "weekly", 75, "Matcha, no sugar", "hee-ROH-shee", "Tanaka-san", "he", "ja", story="mostly-sam"),
    Person("Ewa Kowalczyk", "daily", 95, "Americano, rye roll", "EH-va", "", "she", "pl", story="sam"),
    Person("Lucía Fernández Ortega", "weekly", 120, "Cortado", "loo-SEE-a", "", "she", "es"),
    Person("Ahmet Yılmaz", "daily", 140, "Black tea, strong", "", "Ahmet Bey", "he", "tr", story="steady"),
    Person("Nell Okoro", "first", 62, "", "", "", "she"),
    Person("Mina Castellanos", "weekly", 130, "Decaf, oat", "MEE-na", "", "she", story="name Yellow raincoat"),
    Person("Aoife Brennan", "year", 150, "Soup of the day", "EE-fa", "", "she", "ga"),
    Person("Chidi Okonkwo", "weekly", 165, "Hot chocolate", "CHEE-dee", "", "he", "ig", story="say"),
    Person("Margaret Holloway", "daily", 180, "Earl Grey, shortbread", "", "Mrs Holloway", "she", "", "Sits by the radiator, paper first.", story="quiet"),
    Person("Rafael Monteiro", "weekdays", 200, "Two espressos to go", "", "", "he", "pt", story="new"),
    Person("نور الهدى عبد الرحمن", "weekly", 215, "White coffee", "noor al-HOO-da", "", "she", "ar"),
    Person("רחל בן־דוד", "weekly", 235, "Pomegranate juice", "ra-KHEL", "", "she", "he"),
    Person("Gwen Pritchard", "since", 260, "Welsh cake, tea", "", "", "she"),
    Person("Dmytro Shevchenko", "weekly", 285, "Syrnyk, kefir", "", "", "he", "uk"),
    Person("Mei-Ling Chen", "more", 300, "Oolong", "may-LING", "", "she", "zh"),
    # any time
    Person("Oskar Blom", "often", None, "Cinnamon roll", "", "", "he"),
    Person("Sunita Patel", "often", None, "Masala chai", "", "", "she", "", "Reading group on the first Friday."),
    Person("Marjorie Tan", "often", None, "Cheese toastie", "", "", "she"),
    Person("Joseph Achterberg", "often", None, "Black filter, big cup", "YO-sef", "", "he"),
    Person("Fatima Zahra Bennani", "often", None, "Mint tea", "", "", "she"),
    Person("Callum Fraser", "often", None, "Bacon roll, brown sauce", "", "", "he", "", "He told us the door sticks.", "private"),
    Person("Ingrid Solheim", "often", None, "Waffle, brown cheese", "", "", "she", "no"),
    Person("Tevita Fonua", "often", None, "Long black", "te-VEE-ta", "", "he"),
    Person("Zsófia Nagy", "often", None, "Poppy seed strudel", "ZHO-fia", "", "she", "hu"),
    Person("Green bicycle", "often", None, "Oat cappuccino to go"),
    Person("Emeka Nwosu", "firm", 100, "Ginger beer", "", "", "he"),
    Person("Beatriz Sousa", "firm", 100, "Pastel de nata", "", "", "she", "pt"),
    Person("Håkon Lie", "five", None, "Black coffee, refill", "HO-kon", "", "he", "no"),
    Person("Anjali Deshmukh", "five", None, "Filter coffee, sweet", "", "", "she"),
    Person("Patrick Osei", "five", None, "Toast, marmalade", "", "", "he"),
    Person("Lena Hoffmann", "five", None, "Latte, cheesecake", "", "", "she", "de", story="steady"),
    Person("Giulia Romano", "five", None, "Cappuccino, never after eleven", "JOOL-ya", "", "she", "it"),
    # other days
    Person("Samuel Wekesa", "elsewhen", 60, "Ugali on request", "", "", "he"),
    Person("Charlotte Dubois", "elsewhen", 20, "Pain au chocolat", "", "", "she", "fr"),
    Person("Viktor Petrov", "elsewhen", 90, "Tea with jam", "", "", "he"),
    Person("Amina Yusuf", "elsewhen", 40, "Cardamom coffee", "", "", "she"),
    Person("Iain MacLeod", "quiet", -30, "Porridge, salt", "EE-an", "", "he"),
    Person("Sofia Papadopoulou", "less", 110, "Freddo", "", "", "she", "el"),
    Person("Jun-ho Park", "elsewhen", 15, "Iced americano, even in winter", "", "", "he", "ko"),
    Person("Leilani Kahale", "elsewhen", 130, "Coconut cake", "lay-LAH-nee", "", "she"),
    Person("Mustafa Demir", "elsewhen", -60, "Simit, tea", "", "", "he", "tr"),
    Person("Ruby Hargreaves", "quiet", 70, "Hot milk, honey", "", "", "she"),
    Person("Pavel Novák", "elsewhen", 25, "Espresso, water", "", "", "he", "cs"),
    Person("Kiri Ngata", "growing", 100, "Flat white", "", "", "she"),
    Person("Rosalind Ashworth", "oldest", 80, "Scone, jam first", "", "Miss Ashworth", "she"),
    Person("Jean-Baptiste Mukasa", "left", 45, "Milky coffee", "", "", "he", "fr"),
    Person("Noor Siddiqui", "elsewhen", 35, "Kashmiri chai", "", "", "they"),
    # away a while, booked for today; met once or twice
    Person("Henrik Dahl", "away", 34, "Double espresso, rye", "", "", "he", "da"),
    Person("Red scarf", "once", None, "Black coffee"),
    Person("Two terriers", "twice", None),
)  # fmt: skip

TEAM = (("Maya", "staff"), ("Sam", "staff"), ("Ọláwálé", "manager"))
OWNER = "Ruth"
SHOP = "Fenwick Road Coffee"
PIN = "1234"

# Whatever is written down was written while they were here. "Back" counts their visits: 1 is the last one before today.

# What was promised to whom: by whom, how many visits back, for in how many days (None: when they come), kept today or not.
PROMISED = (
    ("Priya Raghunathan", "Keep an almond croissant back", "Sam", 1, None, False),
    ("Nguyễn Thị Minh Khai", "Show her the new rice-paper rolls", "Maya", 1, None, False),
    ("Joseph Achterberg", "Ask around for somebody who mends pocket watches", "Maya", 2, 0, False),
    ("Ruby Hargreaves", "Write out the lemon curd recipe", "Sam", 1, None, False),
    ("Tomás Ferreira", "Save the crossword page", "Maya", 1, None, True),
)

# Whom our reminder of today's appointment did not reach: by which way and why, where it went, and at which number they can be
# rung. One of them is late by now; the other is still to be rung.
LOST = (
    ("Desmond Fairweather", "sms", "landline", "020 7946 0018", "020 7946 0018"),
    ("Nell Okoro", "email", "no-such-mailbox", "nell@example.org", "020 7946 0137"),
)

REMINDED = "regular@example.org"  # where the reminders of the past month went

# Who belongs together: the name, what it is, and its people with their parts.
TOGETHER = (
    ("Bright Books", "firm", (("Emeka Nwosu", "owner"), ("Beatriz Sousa", "office manager"))),
    ("Osei", "household", (("Patrick Osei", "father"), ("Anjali Deshmukh", "mother"))),
)
# Who has left, on their last visit, and why, in their words.
LEFT = (("Jean-Baptiste Mukasa", "A job in Leeds. The coffee was never the reason."),)
GREETED = 0.6  # so many visits began with the name
# Of these none did: nobody has learned the name, or there is none to learn yet.
UNGREETED = (
    "Emeka Nwosu", "Beatriz Sousa", "Daniel Weiss", "Iain MacLeod", "Noor Siddiqui", "Green bicycle", "Red scarf",
    "Two terriers",
)  # fmt: skip

# What else the team wrote down: to whom, what, by whom, how many visits back.
QUESTIONS = (
    ("Lena Hoffmann", "Did the train to Hamburg work out?", "Sam", 1),
    ("Emeka Nwosu", "How is the sound of the new speaker?", "Maya", 1),
)
STEPS = (
    ("Emeka Nwosu", "Looked up whether his speaker fits before he ordered it", "Maya", 4),
    ("Patrick Osei", "Stayed ten minutes until his form was sent", "Sam", 2),
)
# A trouble of theirs, by whom it was written down, and how many visits back it came each time.
TROUBLES = (("Anjali Deshmukh", "The lid of her cup leaks", "Sam", (5, 3, 1)),)
# A mistake of ours, and whether we have said sorry.
MISTAKES = (
    ("Patrick Osei", "His toast went to another table", "Maya", 1, True),
    ("Sofia Papadopoulou", "We charged her twice for one freddo", "Sam", 9, True),
)
# Whom we sent on: name, what they needed, where to, by whom, how many days ago, in how many days we ask.
SENT_ON = (
    ("Kris", "A doctor with an hour today", "Dr Costa, Mill Lane", "Maya", 3, 3),
    ("A man with a violin", "Somebody who mends bows", "The luthier by the bridge", "Sam", 1, 3),
)
# Who sent a newcomer to us, as they said on their first visit: one of those above, or words; and who wrote it down.
SENT_BY = (
    ("Two terriers", "Sunita Patel", "Maya"),
    ("Astrid Lindqvist", "Gwen Pritchard", "Sam"),
    ("Red scarf", "The florist next door", "Maya"),
)

# The shop's own words for some, and what they told us besides, two visits back: by whom it was written down. A birthday
# is MM-DD.
TAGGED = (
    ("Sunita Patel", "reading group", "Maya"),
    ("Priya Raghunathan", "window seat", "Sam"),
    ("Gwen Pritchard", "reading group", "Sam"),
)
TOLD = (
    ("Two terriers", "dogs", "Biscuit and Nell", "Maya"),
    ("Priya Raghunathan", "birthday", "03-14", "Sam"),
    ("Priya Raghunathan", "Bus home", "The 38", "Maya"),
)
