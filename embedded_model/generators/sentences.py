"""Families whose inputs are sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from embedded_model.generators import lexicon
from embedded_model.generators.family import Family
from embedded_model.generators.words import COMMON_WORDS, random_word

_SYLLABLES = "bar den kor li mon sel tra vin zu gro pel nar do wes ham ber ton rik sha lo mir fal qui ox dra ne".split()
_ADJECTIVES = """old young small large famous local mechanical silent brave curious clever lonely quiet angry happy
tired strange red golden wooden bright dark heavy ancient modern rich poor gentle proud lazy busy careful royal
simple broken empty tall tiny cheap early general important major national new popular public recent second
special strong total unusual wild wise yellow blue green white black""".split()
_ADVERBS = """quickly slowly quietly often never always suddenly carefully happily sadly easily rarely usually
finally soon again already yesterday today outside upstairs together nearby here there loudly softly politely
bravely secretly eagerly kindly""".split()
_INTRANSITIVE = """walk run sleep laugh cry smile dance sing swim work wait arrive leave talk travel sit stand fall
jump shout whisper disappear return wander think live""".split()
_THINGS = lexicon.OBJECTS
_SUBORDINATES = """because it was late|before the storm began|when the bell rang|while the others were asleep|
although nobody knew why|after the meeting ended|until the sun went down|if the weather is good|
since the door was open|but the others did not|and everyone was pleased|because they like music|
so that she could rest|than anyone expected|before we had time to talk|without saying a word""".replace("\n", "").split(
    "|"
)
_PREPOSITIONS = "in the|near the|behind the|under the|across the|beside the|towards the|from the|with the|at the".split(
    "|"
)
_SPOTS = """garden kitchen library park station school river forest market office hospital castle bridge village
street museum theatre harbor mountain valley house hotel tower field church""".split()
_MONTHS = lexicon.DAYS_MONTHS


def _pseudo_name(generator: random.Random) -> str:
    """A capitalised name that does not exist."""
    return "".join(generator.choice(_SYLLABLES) for _ in range(generator.randint(2, 3))).capitalize()


def _person(generator: random.Random) -> str:
    """The name of a person, now and then an invented one."""
    first = generator.choice(lexicon.NAMES) if generator.random() < 0.8 else _pseudo_name(generator)
    last = generator.choice(lexicon.SURNAMES) if generator.random() < 0.6 else _pseudo_name(generator)
    return generator.choice((first, last, f"{first} {last}"))


def _place(generator: random.Random) -> str:
    """The name of a place, now and then an invented one."""
    return generator.choice(lexicon.PLACES) if generator.random() < 0.75 else _pseudo_name(generator)


def _time(generator: random.Random) -> str:
    """A time phrase."""
    year = str(generator.randint(1100, 2022))
    month = generator.choice(_MONTHS)
    return generator.choice((
        f"in {year}", f"in {month} {year}", f"on {month} {generator.randint(1, 28)}, {year}", f"since {year}",
        f"for {generator.randint(2, 40)} years", f"in the {generator.randint(14, 19)}th century", f"before {year}",
        f"during the {generator.randint(2, 9) * 10}th season", "at the end of the war", "for the first time",
    ))  # fmt: skip


def _capital(text: str) -> str:
    """``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]


def _active_to_passive(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    subject, object_ = generator.sample(lexicon.PROFESSIONS, 2)
    verb = generator.choice(lexicon.PERSON_VERBS)
    if generator.random() < 0.5:
        subject = lexicon.plural(subject)
    many = generator.random() < 0.5
    if many:
        object_ = lexicon.plural(object_)
    text = f"The {subject} {verb[2]} the {object_}."
    return text, (f"The {object_} {'were' if many else 'was'} {verb[3]} by the {subject}.",)


# Predicates after a copula or a modal, with P a place, T a time, N a person, O an organisation, X a number.
_PREDICATES = """located in P|born in P T|built T|a member of O|the largest city in P|the capital of the region|
known as N|founded by N T|the first person to visit P|used in P|part of O|owned by O|one of the oldest schools in P|
published T|considered important by N|the leader of O|named after N|found in most parts of P|written by N|
more expensive than in P|divided into X parts|a common disease in P|made of wood|responsible for the law|
the cause of the crisis|invited to P by N|the author of the report|elected president of O|common in P""".replace(
    "\n", ""
).split("|")
_ACTIONS = """play/for O|play/as quarterback T|move/to P T|work/with N|win/the prize T|write/a book about P|live/in P|
teach/at O|lead/O T|invent/the machine|visit/P with N|help/N in P|support/O T|become/the leader of O|publish/X papers T|
defeat/N T|sell/the company to O|build/a church in P|study/law in P|refuse/to work with N|sign/a contract with O|
receive/an award from O|return/to P T|join/O T|discover/the island|spend/X million dollars T|control/the trade in P|
believe/that the plan works|use/the old method|begin/in P|lose/the election T|introduce/a new law T|meet/N in P|
remain/in P T|include/X members|contain/X rooms|produce/oil in P|attend/the school in P|fight/against N|die/in P T|
change/the name of the city|open/a new office in P|record/a song with N|hold/the first meeting in P""".replace(
    "\n", ""
).split("|")
_SUBJECTS = """N|N|N|O|P|The city of P|The University of P|The river|The company|The government of P|The church in P|
The treaty with P|The king of P|The book by N|The army of P|The show on O|The population of P|The bridge near P|
The team|The trial of N|The economy of P|The theory of N|The ad shown by O|The plan proposed by N""".replace(
    "\n", ""
).split("|")


def _fill(text: str, generator: random.Random) -> str:
    """Replace the one-letter slots of ``text``."""
    words = []
    for word in text.split():
        if word == "N":
            word = _person(generator)
        elif word == "P":
            word = _place(generator)
        elif word == "T":
            word = _time(generator)
        elif word == "O":
            word = generator.choice(lexicon.ORGANISATIONS)
        elif word == "X":
            word = str(generator.randint(2, 400))
        words.append(word)
    return " ".join(words)


def _negation(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    subject, plural = _fill(generator.choice(_SUBJECTS), generator), False
    chance = generator.random()
    if chance < 0.25:
        subject, plural = f"The {lexicon.plural(generator.choice(lexicon.NOUNS))}", True
        if generator.random() < 0.5:
            subject += " in " + _place(generator)
    elif chance < 0.4:  # words of every kind, so that copying is learned, not a list of words
        head = generator.choice(("A", "The", "One", f"{_person(generator)}'s", "The first", "Every", "The general"))
        subject = f"{head} {random_word(generator)} {random_word(generator)}"
        if generator.random() < 0.5:
            subject += f" {generator.choice(('of', 'for', 'with', 'from'))} {generator.choice(COMMON_WORDS)}"
    style = generator.random()
    base, _, rest = generator.choice(_ACTIONS).partition("/")
    rest = _fill(rest, generator)
    forms = lexicon.past(base)
    if style < 0.35:
        verb = generator.choice(("are", "were") if plural else ("is", "was"))
        tail = _fill(generator.choice(_PREDICATES), generator)
        yes, no = f"{verb} {tail}", f"{verb} not {tail}"
    elif style < 0.5:
        modal = generator.choice(("will", "can", "could", "would", "should", "may", "must"))
        end = f"{base} {rest}"
        if generator.random() < 0.4:
            end = "be " + _fill(generator.choice(_PREDICATES), generator)
        yes, no = f"{modal} {end}", ("cannot" if modal == "can" else modal + " not") + f" {end}"
    elif style < 0.6:
        auxiliary = generator.choice(("have", "had") if plural else ("has", "had"))
        yes, no = f"{auxiliary} {forms[1]} {rest}", f"{auxiliary} not {forms[1]} {rest}"
    elif style < 0.8:
        yes, no = f"{forms[0]} {rest}", f"did not {base} {rest}"
    elif plural:
        yes, no = f"{base} {rest}", f"do not {base} {rest}"
    else:
        yes, no = f"{lexicon.third_person(base)} {rest}", f"does not {base} {rest}"
    lead, after = "", ""
    if generator.random() < 0.2:
        after = " " + " ".join((generator.choice(("with", "of", "by", "under", "to", "for")), "the",
                                random_word(generator), generator.choice(COMMON_WORDS)))  # fmt: skip
        yes, no, after = yes + after, no + after, ""
    chance = generator.random()
    if chance < 0.2:
        lead = generator.choice((_time(generator), f"in {_place(generator)}", f"according to {_person(generator)}"))
    elif chance < 0.35:
        after = generator.choice(
            (f" with {_person(generator)}", f" according to {_person(generator)}", " at that time")
        )
    if lead:
        subject = lead + (", " if generator.random() < 0.7 else " ") + subject.replace("The ", "the ", 1)
    stop = "." if generator.random() < 0.93 else ""
    accepted = [_capital(f"{subject} {no}{after}{stop}")]
    if "cannot" in no:
        accepted.append(accepted[0].replace("cannot", "can not"))
    return _capital(f"{subject} {yes}{after}{stop}"), tuple(accepted)


def _past_tense(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    plural = generator.random() < 0.4
    noun = generator.choice(lexicon.PROFESSIONS)
    if plural:
        subject = generator.choice(("They", "We", f"The {lexicon.plural(noun)}"))
    else:
        subject = generator.choice(("She", "He", f"The {noun}", _person(generator)))
    if generator.random() < 0.2:
        tail = generator.choice((generator.choice(_ADJECTIVES), f"in the {generator.choice(_SPOTS)}"))
        now, then = f"{'are' if plural else 'is'} {tail}", f"{'were' if plural else 'was'} {tail}"
    else:
        if generator.random() < 0.4:
            base = generator.choice(_INTRANSITIVE)
            tail = generator.choice(_PREPOSITIONS) + " " + generator.choice(_SPOTS)
        elif generator.random() < 0.5:
            base = generator.choice(lexicon.PERSON_VERBS)[0]
            tail = f"the {generator.choice(lexicon.PROFESSIONS)}"
        else:
            base, tail = generator.choice(lexicon.VERBS)[0], f"the {generator.choice(_THINGS)}"
        now = f"{base if plural else lexicon.third_person(base)} {tail}"
        then = f"{lexicon.past(base)[0]} {tail}"
    return f"{_capital(subject)} {now}.", (f"{_capital(subject)} {then}.",)


_FORMAL = """What's up?/How are you doing?|Hi {n}!/Dear {n},|Hey {n}, how are you?/Good day {n}, how are you?|
Thanks a lot for the {t}./Thank you very much for the {t}.|Thanks for your help./I appreciate your assistance.|
I can't find the {t}./I am unable to find the {t}.|She can fix the {t}./She has the ability to repair the {t}.|
Sorry about the {t}./I apologize for the {t}.|I'm sorry that I'm late./I apologize for my late arrival.|
Let me know if you need the {t}./Please inform me if you require the {t}.|Can you help me with the {t}?/
Could you please assist me with the {t}?|I want a {t}./I would like a {t}.|Give me the {t}./Please give me the {t}.|
Send me the {t} as soon as you can./Please send me the {t} at your earliest convenience.|
I got your {t}./I have received your {t}.|We need to talk about the {t}./We need to discuss the {t}.|
He asked about the {t}./He inquired about the {t}.|I think the {t} is bad./I believe that the {t} is unsatisfactory.|
The {t} is great!/The {t} is excellent.|The {t} is really cheap./The {t} is very inexpensive.|
They put off the {t}./They postponed the {t}.|We looked into the {t}./We investigated the {t}.|
She got rid of the {t}./She disposed of the {t}.|Go ahead with the {t}./Please proceed with the {t}.|
I don't know about the {t}./I am not aware of the {t}.|I didn't get the {t}./I did not receive the {t}.|
Tell me about the {t}./Please inform me about the {t}.|Bye, {n}!/Goodbye, {n}.|See you soon./I look forward to seeing you.|
What do you think about the {t}?/What is your opinion of the {t}?|How about a different {t}?/Might I suggest a different {t}?|
It was nice to meet you, {n}./It was a pleasure to meet you, {n}.|{n} bought a {t}./{n} purchased a {t}.|
{n} wants to buy the {t}./{n} wishes to purchase the {t}.|The kids broke the {t}./The children damaged the {t}.|
We've got lots of work./We have a great deal of work.|{n} is gonna fix the {t}./{n} is going to repair the {t}.|
I wanna see the {t}./I wish to see the {t}.|Gotta go now./I must leave now.|No problem./You are welcome.|
I'm fed up with the {t}./I am dissatisfied with the {t}.|It's up to {n}./The decision rests with {n}.|
{n} showed up late./{n} arrived late.|{n} messed up the {t}./{n} made a mistake with the {t}.|
That's awesome, {n}!/That is excellent, {n}.|Don't worry about the {t}./Please do not be concerned about the {t}.|
Hurry up, {n}!/Please be quick, {n}.|I guess {n} is right./I suppose that {n} is correct.|
Can I get the {t}?/May I have the {t}?|Call me later, {n}./Please telephone me later, {n}.|
You guys need a {t}./You all require a {t}.|Anyway, the {t} isn't ready./Nevertheless, the {t} is not ready.|
The boss said yes./The manager agreed.|{n} told me to wait./{n} asked me to wait.|I need the {t} ASAP./
I require the {t} as soon as possible.|Is the {t} okay?/Is the {t} acceptable?|We can't come./We are unable to attend.|
I'll get back to you, {n}./I will respond to you shortly, {n}.|The {t} costs too much./The {t} is too expensive.|
{n} helped me out./{n} assisted me.|Check the {t}./Please verify the {t}.""".replace("\n", "").split("|")


def _informal_to_formal(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    informal, _, formal = generator.choice(_FORMAL).partition("/")
    name, thing = _person(generator), generator.choice((*lexicon.OBJECTS, "project", "report", "meeting", "delay"))
    return informal.format(n=name, t=thing), (formal.format(n=name, t=thing),)


_GOOD = """brilliant beautiful wonderful excellent touching moving funny hilarious delightful charming clever witty
smart thrilling gripping exciting fascinating engaging enjoyable entertaining superb stunning masterful magnificent
perfect remarkable powerful inspiring tender heartfelt warm fresh original inventive imaginative compelling
captivating intelligent thoughtful sensitive elegant lovely great good terrific fantastic amazing impressive
unforgettable memorable refreshing satisfying rewarding riveting absorbing sweet lively energetic honest sincere
uplifting poignant insightful subtle rich vivid gorgeous graceful joyous splendid marvelous outstanding sharp
provocative affecting likable appealing exhilarating sublime assured daring sparkling dazzling accomplished
well-acted well-made heartwarming""".split()
_BAD = """bad awful terrible horrible boring dull tedious stupid silly lame weak poor dreadful annoying irritating
predictable pointless mindless lifeless flat bland limp tired stale shallow empty hollow clumsy sloppy messy
confusing incoherent unfunny painful depressing bleak forgettable mediocre disappointing unconvincing cheesy corny
contrived cliched ridiculous absurd laughable lousy pathetic miserable ugly unpleasant offensive overlong slow
plodding sluggish uninspired unoriginal trite pretentious hackneyed amateurish soulless joyless heavy-handed
awkward crude insipid inept insulting unwatchable listless sappy tiresome meandering muddled derivative dumb
disjointed lazy manipulative flimsy half-baked""".split()
_GOOD_PHRASES = """a joy to watch|one of the best films of the year|well worth seeing|a triumph|a real treat|
full of life|a must-see|worth the price of admission|a feast for the eyes|hard to resist|never less than gripping|
works beautifully|will leave you smiling|succeeds on every level|a small gem|keeps you on the edge of your seat|
manages to surprise at every turn|a pleasure from start to finish""".replace("\n", "").split("|")
_BAD_PHRASES = """a waste of time|one of the worst films of the year|not worth seeing|a complete mess|a disaster|
hard to sit through|never funny|fails on every level|goes nowhere|runs out of ideas|makes no sense|an insult to the audience|
leaves you cold|too long and too slow|falls apart in the end|not even close to the original|
will put you to sleep|nothing new or interesting|never comes together""".replace("\n", "").split("|")
_FILM_NOUNS = """film movie drama comedy thriller story picture documentary romance tale adventure sequel script
plot performance portrait mystery debut remake cast ending satire fable""".split()
_FILM_KINDS = (
    "family crime war action love teen horror coming-of-age science-fiction historical French fish-out-of-water".split()
)


def _sentiment(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    good = generator.random() < 0.5
    adjectives, phrases = (_GOOD, _GOOD_PHRASES) if good else (_BAD, _BAD_PHRASES)
    weak = _BAD if good else _GOOD
    one, two, three = generator.sample(adjectives, 3)
    other, phrase = generator.choice(weak), generator.choice(phrases)
    noun, kind, person = generator.choice(_FILM_NOUNS), generator.choice(_FILM_KINDS), _person(generator)
    degree = generator.choice(("", "", "very ", "often ", "surprisingly ", "utterly ", "remarkably ", "rather "))
    full = generator.choice((noun, noun, f"{kind} {noun}"))
    text = generator.choice((
        f"a {one}, {two} {full}.", f"{degree}{one} and {two}.", f"{degree}{one} and {two}",
        f"the {full} is {degree}{one}.", f"a {one} {full} directed by {person}.", f"{phrase}.",
        f"the {full} is {phrase}." if phrase.startswith(("a ", "an ", "one", "not", "hard", "well", "worth", "full"))
        else f"a {full} that is {one}.",
        f"an occasionally {other}, but overall {one}, {full}.", f"it may be {other}, but it is also {one} and {two}.",
        f"...{one}, {two} and {phrase}.", f"{person} gives a {one} performance in this {two} {full}.",
        f"despite {person}'s {other} moments, the {full} remains {one}.", f"a {one} {full} from {person}",
        f"what a {one} {full}!", f"{one}, {two} and {three}.", f"this {full} by {person} is {one} and {two}.",
        f"so {one} that you {'want to see it again' if good else 'want to leave early'}.",
        f"{person} delivers a {degree}{one} {full} about life in {_place(generator)}.",
    ))  # fmt: skip
    words = text.split()
    for i, word in enumerate(words[:-1]):
        if word in ("a", "an"):
            words[i] = "an" if words[i + 1][0].lower() in "aeiou" else "a"
    text = " ".join(words)
    if generator.random() < 0.6:
        text = _capital(text)
    return text, ("positive" if good else "negative",)


def _noun_phrase(generator: random.Random) -> str:
    """A noun phrase in the singular."""
    noun = generator.choice((generator.choice(lexicon.NOUNS), generator.choice(lexicon.PROFESSIONS)))
    chance = generator.random()
    if chance < 0.25:
        return f"{generator.choice(('the', 'every', 'this', 'that', 'her', 'his', 'my'))} {noun}"
    if chance < 0.7:
        return f"the {generator.choice(_ADJECTIVES)} {noun}"
    return _person(generator)


def _sentence(generator: random.Random) -> str:
    """A sentence of a broad grammar."""
    subject = generator.choice((_noun_phrase(generator), _noun_phrase(generator), "she", "he", "nobody", "someone"))
    verb = generator.choice(lexicon.VERBS)
    thing = generator.choice((_noun_phrase(generator), f"the {generator.choice(_THINGS)}"))
    spot = f"{generator.choice(_PREPOSITIONS)} {generator.choice(_SPOTS)}"
    adverb, other = generator.choice(_ADVERBS), generator.choice(_INTRANSITIVE)
    person, tail = _person(generator), generator.choice(_SUBORDINATES)
    clause = generator.choice((
        f"{subject} {verb[2]} {thing}", f"{subject} {verb[2]} {thing} {spot}", f"{subject} {adverb} {verb[2]} {thing}",
        f"{subject} {lexicon.past(other)[0]} {spot}", f"{thing} was {verb[3]} by {subject}",
        f"{person} thinks that {subject} {lexicon.third_person(other)} {spot}",
        f"{person} said that {subject} had {verb[3]} {thing}", f"it is likely that {person} will {verb[0]} {thing}",
        f"they {generator.choice(('want', 'love', 'hope', 'try', 'plan'))} to {verb[0]} {thing}",
        f"{person} talked about {thing} before {subject} {lexicon.past(other)[0]}",
        f"there is a {generator.choice(_ADJECTIVES)} {generator.choice(lexicon.NOUNS)} {spot}",
        f"{person} and {_person(generator)} {verb[2]} {thing} {generator.choice(_ADVERBS)}",
        f"{person} persuaded {subject.replace('she', 'her').replace('he ', 'him ')} to {verb[0]} {thing}"
        if subject not in ("she", "he") else f"{subject} seems to {verb[0]} {thing}",
        f"what {subject} {verb[2]} was {thing}", f"we know which {generator.choice(lexicon.NOUNS)} {subject} {verb[2]}",
        f"the more {subject} {lexicon.third_person(other)}, the less {person} {lexicon.third_person(other)}",
    ))  # fmt: skip
    if generator.random() < 0.3:
        clause += " " + tail
    clause = re.sub(r"\ba (?=[aeiou])", "an ", clause)
    return _capital(clause) + "."


def _bare(sentence: str) -> list[str]:
    """The words of ``sentence`` without punctuation."""
    return [word.strip(".,?!;:") for word in sentence.split()]


def _loose_words(generator: random.Random) -> str:
    """Words without grammar, written as a sentence: only reading every one of them helps."""
    words = [random_word(generator, 2, 12) for _ in range(generator.randint(4, 14))]
    for place in range(1, len(words)):
        chance = generator.random()
        if chance < 0.12:
            words[place] = generator.choice(("I", "a", "of", "it", "to", "in", "an", "is", "at", "he", "as"))
        elif chance < 0.22:
            words[place] = _capital(words[place])
        elif chance < 0.3:
            words[place - 1] += ","
    return _capital(" ".join(words)) + generator.choice("...??!")


def _words_starting_with(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    sentence = _sentence(generator) if generator.random() < 0.5 else _loose_words(generator)
    words = _bare(sentence)
    letter = generator.choice(words)[0].lower()
    return f"{sentence} [{letter}]", (" ".join(word.lower() for word in words if word[0].lower() == letter),)


def _first_word(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    sentence = _sentence(generator)
    return sentence, (_bare(sentence)[0],)


def _last_word(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    sentence = _sentence(generator)
    return sentence, (_bare(sentence)[-1],)


def _count_words(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    sentence = _sentence(generator)
    return sentence, (str(len(sentence.split())),)


def _name_in_sentence(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    name, verb = _person(generator), generator.choice(lexicon.VERBS)
    thing, who = generator.choice(_THINGS), generator.choice(lexicon.PROFESSIONS)
    spot: Sequence[str] = (generator.choice(_PREPOSITIONS), generator.choice(_SPOTS))
    clause = generator.choice((
        f"{name} {verb[2]} the {thing} {' '.join(spot)}", f"the {thing} was {verb[3]} by {name}",
        f"yesterday {name} {verb[2]} the {thing}", f"the {who} and {name} {verb[2]} the {thing}",
        f"the {who} gave {name} a {generator.choice(_ADJECTIVES)} {thing}", f"we saw {name} {' '.join(spot)}",
        f"nobody believed that {name} {verb[2]} the {thing}", f"the {who} thinks that {name} is {generator.choice(_ADJECTIVES)}",
        f"{generator.choice(_ADVERBS)} the {who} talked to {name} about the {thing}",
    ))  # fmt: skip
    clause = re.sub(r"\ba (?=[aeiou])", "an ", clause)
    return _capital(clause) + ".", (name,)


FAMILIES: tuple[Family, ...] = (
    Family("active_to_passive", "sentence", _active_to_passive),
    Family("negation", "sentence", _negation),
    Family("past_tense", "sentence", _past_tense),
    Family("informal_to_formal", "sentence", _informal_to_formal, "induction_f1"),
    Family("sentiment", "sentence", _sentiment),
    Family("words_starting_with", "sentence", _words_starting_with, "induction_exact_set"),
    Family("first_word_of_sentence", "sentence", _first_word),
    Family("last_word_of_sentence", "sentence", _last_word),
    Family("count_words_in_sentence", "sentence", _count_words),
    Family("name_in_sentence", "sentence", _name_in_sentence),
)
