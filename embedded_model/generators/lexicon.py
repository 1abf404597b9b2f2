"""Word lists for the generated families, typed by hand."""

from __future__ import annotations


def _items(text: str) -> tuple[str, ...]:
    """The comma-separated items of ``text``, white space normalised, without repetition."""
    return tuple(dict.fromkeys(" ".join(item.split()) for item in text.split(",") if item.strip()))


def _rows(text: str) -> tuple[tuple[str, ...], ...]:
    """Rows separated by commas, fields by slashes."""
    return tuple(tuple(item.split("/")) for item in _items(text))


def _words(text: str) -> tuple[str, ...]:
    """The words of ``text`` without repetition."""
    return tuple(dict.fromkeys(text.split()))


# fmt: off
# From the smallest to the largest; two animals at least two groups apart are compared.
ANIMALS: tuple[tuple[str, ...], ...] = tuple(_items(line) for line in """
mite, flea, ant, gnat, aphid, louse, termite, tick, midge, fruit fly, ants, fleas, red ant, mites;
fly, mosquito, ladybug, bee, wasp, beetle, moth, honey bee, house fly, firefly, weevil, flies, bees, earwig,
ladybird, spider;
butterfly, dragonfly, grasshopper, hornet, bumblebee, snail, slug, cockroach, worm, cricket, caterpillar,
centipede, locust, shrimp, prawn, guppy, tadpole, krill, praying mantis, stick insect, earthworm, butterflies;
mouse, vole, shrew, hummingbird, gecko, newt, wren, mice, goldfish, anchovy, tree frog, minnow, clam, mussel,
oyster, sea horse, seahorse, scorpion, tarantula, dormouse, field mouse;
sparrow, hamster, gerbil, robin, canary, finch, frog, sardine, chipmunk, bat, toad, swallow, starling,
blackbird, lizard, salamander, crayfish, budgie, hamsters, lark, nightingale, mole, frogs, chick, piranha,
chameleon, bullfrog, starfish;
rat, guinea pig, squirrel, pigeon, parrot, crow, herring, perch, hedgehog, dove, magpie, woodpecker, quail,
kitten, squid, puffin, cuckoo, weasel, stoat, squirrels, pigeons, mackerel, crab, jellyfish, rats, kingfisher,
partridge;
rabbit, duck, chicken, ferret, trout, chihuahua, seagull, raven, owl, hen, mink, falcon, hawk, iguana,
pheasant, turtle, mongoose, rooster, lobster, skunk, opossum, hare, gull, platypus, bass, yorkshire terrier,
pomeranian, ducks, rabbits, rainbow trout, marmoset, cockatoo, toucan, tortoise, meerkat;
cat, goose, raccoon, fox, eagle, shih tzu, turkey, badger, otter, pug, dachshund, salmon, carp, mirror carp,
pike, koala, lemur, beagle, poodle, heron, stork, swan, peacock, pelican, flamingo, terrier, armadillo, cats,
foxes, red fox, siamese cat, persian cat, sloth, catfish, penguin, vulture, wombat, corgi, cocker spaniel, red
panda, spider monkey, monkey, buzzard, macaque, eel, bald eagle, groundhog, arctic fox;
beaver, bobcat, lynx, coyote, bulldog, baboon, baboons, cod, porcupine, border collie, basset hound, lamb,
jackal, dingo, spaniel, gibbon, octopus, monkeys, dogs, dog, collie, boxer, dalmatian, whippet, springer
spaniel, wolverine, capybara, gazelle, wallaby, halibut, husky, labrador, pit bull, golden retriever, emperor
penguin, coyotes;
wolf, sheep, goat, german shepherd, cheetah, chimpanzee, rottweiler, great dane, kangaroo, leopard, hyena,
deer, wild boar, tuna, cougar, puma, ostrich, antelope, boar, wolves, saint bernard, orangutan, jaguar, komodo
dragon, mountain lion, mountain goat, panther, emu, anaconda, impala, porpoise, chimpanzees, ram, snow
leopard, warthog, mastiff, sturgeon;
pig, lion, gorilla, pony, donkey, tiger, seal, panda, black bear, reindeer, llama, dolphin, swordfish,
alligator, marlin, pigs, lions, tigers, giant panda, caribou, sea lion, tapir, gorillas, lioness, dolphins,
sow, wildebeest, hog, sea turtle, mule, stingray;
horse, cow, bear, zebra, polar bear, grizzly bear, crocodile, elk, moose, bull, camel, bison, buffalo, ox,
brown bear, yak, cows, horses, camels, bears, zebras, manatee, shire horse, cattle, tiger shark, shark, dairy
cow, grizzly, stallion, mare, racehorse, water buffalo;
hippopotamus, rhinoceros, giraffe, walrus, great white shark, hippo, rhino, beluga whale, elephant seal, white
rhino, giraffes, narwhal, manta ray, giant squid, hammerhead shark, white shark, hippos;
elephant, killer whale, orca, african elephant, asian elephant, whale shark, minke whale, elephants, basking
shark, mammoth, indian elephant, pilot whale;
whale, humpback whale, sperm whale, blue whale, grey whale, fin whale, whales, right whale, bowhead whale
""".split(";"))
SIMPLE_ANIMALS = _words("""
dog cat cow bird bear eagle kangaroo beetle horse lion tiger elephant monkey rabbit mouse sheep goat pig
duck chicken wolf fox deer frog snake lizard whale dolphin shark salmon trout spider ant bee butterfly owl
parrot penguin zebra giraffe camel donkey squirrel turtle crocodile goose swan pigeon crow rat hamster
seal otter moose leopard cheetah panda koala gorilla hyena bat hedgehog badger toad fly moth wasp snail
crab lobster octopus tuna turkey bull pony hawk falcon sparrow""")
FOODS = _words("""
noodles bread cheese rice pasta pizza soup salad sandwich burger cake cookie pie butter egg bacon ham
sausage steak yogurt cereal pancake waffle chocolate honey jam toast omelette sushi curry stew taco
burrito lasagna spaghetti muffin bagel doughnut pudding porridge fries chips popcorn beef pork biscuit
dumplings croissant tofu gravy milk meat oatmeal candy""")
VEHICLES = _words("""
bike bicycle car boat bus truck train plane ship van taxi motorcycle scooter tram helicopter tractor ferry
submarine lorry jeep ambulance yacht canoe airplane subway limousine cab wagon carriage rocket sailboat kayak
minibus sled trolley moped""")
CLOTHES = _words("""
boots shirt hat coat jacket trousers socks shoes dress skirt gloves scarf sweater jeans shorts belt tie
suit blouse pants cap sandals slippers pyjamas vest cardigan hoodie sneakers mittens raincoat leggings
tights underwear robe uniform jumper apron swimsuit""")
FURNITURE = _words("""
table chair sofa bed desk couch wardrobe bookcase cupboard stool bench armchair dresser cabinet shelf crib
nightstand sideboard bookshelf mattress futon ottoman footstool rocker""")
COLOURS = _words("""
red blue green yellow black white silver purple pink brown grey gold violet turquoise crimson beige maroon
navy magenta indigo scarlet cyan lavender teal gray""")
JOBS = _words("""
singer pilot doctor nurse teacher lawyer farmer baker butcher plumber carpenter engineer dentist
journalist actor waiter chef judge banker barber cashier accountant architect firefighter policeman
soldier sailor scientist tailor writer secretary electrician mechanic librarian surgeon gardener painter
poet dancer photographer manager""")
BODY_PARTS = _words("""
arm leg hand foot head nose ear eye mouth knee elbow shoulder finger toe neck chin cheek back chest
stomach ankle wrist hip thumb heel forehead tongue lip throat tooth""")
FRUITS = _words("""
apple pear plum banana orange grape cherry peach apricot mango kiwi lemon lime melon strawberry raspberry
blueberry pineapple fig papaya grapefruit watermelon nectarine blackberry coconut pomegranate cranberry
tangerine""")
VEGETABLES = _words("""
carrot potato onion cabbage spinach broccoli cauliflower lettuce cucumber pea bean leek celery radish
turnip garlic aubergine courgette pumpkin asparagus beetroot parsnip zucchini kale eggplant artichoke yam""")
TOOLS = _words("""
hammer saw screwdriver drill wrench pliers axe chisel shovel spade rake file spanner crowbar mallet hoe
pickaxe sander clamp trowel anvil hacksaw scythe ladder""")
SPORTS = _words("""
football tennis golf basketball hockey cricket rugby baseball swimming boxing rowing skiing volleyball
badminton cycling fencing judo karate surfing wrestling softball squash handball gymnastics archery
sailing polo running soccer""")
INSTRUMENTS = _words("""
piano guitar violin flute drum trumpet cello clarinet harp saxophone trombone oboe banjo organ tuba
accordion viola harmonica mandolin bassoon ukulele xylophone tambourine bagpipes lute""")
SHAPES = _words("""
circle square triangle rectangle pentagon hexagon oval cube sphere cone cylinder pyramid octagon diamond
trapezoid rhombus ellipse prism parallelogram polygon""")
WEATHER = _words("""
rain snow wind storm fog thunder lightning hail sunshine drizzle frost mist hurricane tornado blizzard
cloud breeze sleet typhoon shower""")
COUNTRIES = _words("""
France Germany Spain Italy Portugal Poland Sweden Norway Denmark Finland Greece Turkey Egypt Kenya Nigeria
Sudan China Japan India Brazil Argentina Chile Peru Mexico Canada Australia Austria Belgium Ireland Russia""")
NUMBER_WORDS = _words("""
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty""")
FAMILY_MEMBERS = _words("""
mother father sister brother uncle aunt cousin nephew niece grandmother grandfather son daughter husband wife""")
KITCHEN = _words("""
spoon fork knife plate napkin bowl cup glass pan pot kettle ladle saucer mug teapot dish whisk spatula grater""")
DAYS_MONTHS = _words("""
January February March April May June July August September October November December""")
PLANTS = _words("""
rose tulip daisy lily oak pine maple birch willow orchid daffodil sunflower fern ivy cactus elm poppy
violet moss cedar""")
BUILDINGS = _words("""
house church school hospital bank library museum castle hotel factory bakery restaurant theatre cinema stadium
palace temple barn cottage tower""")
METALS = _words("iron copper gold silver zinc tin lead nickel aluminium platinum titanium mercury steel bronze brass")
CATEGORIES: dict[str, tuple[str, ...]] = {
    "animals": SIMPLE_ANIMALS, "foods": FOODS, "vehicles": VEHICLES, "clothes": CLOTHES, "furniture": FURNITURE,
    "colours": COLOURS, "jobs": JOBS, "body parts": BODY_PARTS, "fruits": FRUITS, "vegetables": VEGETABLES,
    "tools": TOOLS, "sports": SPORTS, "musical instruments": INSTRUMENTS, "shapes": SHAPES, "weather": WEATHER,
    "countries": COUNTRIES, "numbers": NUMBER_WORDS, "family members": FAMILY_MEMBERS,
    "kitchen utensils": KITCHEN, "months": DAYS_MONTHS, "plants": PLANTS, "buildings": BUILDINGS, "metals": METALS,
}
CATEGORY_SYNONYMS: dict[str, tuple[str, ...]] = {
    "foods": ("food",), "clothes": ("clothing",), "colours": ("colors",), "jobs": ("professions", "occupations"),
    "musical instruments": ("instruments",), "body parts": ("parts of the body",), "family members": ("relatives",),
}

ANTONYMS = _rows("""
hot/cold, big/small, large/little, good/bad, happy/sad, fast/slow, high/low, up/down, left/right,
open/closed, old/new, young/elderly, rich/poor, strong/weak, hard/soft, light/dark, heavy/lightweight,
long/short, tall/tiny, wide/narrow, thick/thin, deep/shallow, near/far, early/late, first/last, begin/end,
start/finish, win/lose, buy/sell, give/take, push/pull, come/go, arrive/depart, enter/exit, love/hate,
laugh/cry, live/die, alive/dead, day/night, black/white, true/false, right/wrong, clean/dirty, wet/dry,
full/empty, loud/quiet, noisy/silent, easy/difficult, simple/complex, cheap/expensive, safe/dangerous,
brave/cowardly, kind/cruel, polite/rude, honest/dishonest, friendly/hostile, beautiful/ugly, smooth/rough,
sharp/blunt, sweet/bitter, fresh/stale, tight/loose, straight/crooked, inside/outside, above/below,
over/under, before/after, always/never, all/none, more/less, many/few, most/least, everything/nothing,
everybody/nobody, male/female, man/woman, boy/girl, king/queen, father/mother, husband/wife,
brother/sister, friend/enemy, war/peace, success/failure, victory/defeat, birth/death, heaven/hell,
summer/winter, north/south, east/west, morning/evening, top/bottom, front/back, maximum/minimum,
increase/decrease, rise/fall, grow/shrink, expand/contract, accept/reject, agree/disagree, allow/forbid,
permit/prohibit, appear/disappear, attack/defend, build/destroy, catch/throw, connect/disconnect,
create/demolish, encourage/discourage, float/sink, forget/remember, freeze/melt, hide/reveal,
import/export, include/exclude, join/separate, lend/borrow, lock/unlock, love/hatred, obey/disobey,
pass/fail, praise/criticize, raise/lower, save/spend, show/conceal, sit/stand, stop/go, tie/untie,
trust/distrust, wake/sleep, whisper/shout, able/unable, active/passive, ancient/modern, asleep/awake,
broad/slim, calm/agitated, careful/careless, certain/uncertain, clear/cloudy, clever/stupid,
comfortable/uncomfortable, common/rare, complete/incomplete, correct/incorrect, cool/warm,
dependent/independent, domestic/foreign, equal/unequal, external/internal, fair/unfair, famous/unknown,
fat/thin, fertile/barren, fiction/fact, fixed/variable, flexible/rigid, formal/informal,
fortunate/unfortunate, free/captive, frequent/rare, future/past, general/specific, generous/stingy,
gentle/harsh, guilty/innocent, healthy/sick, helpful/unhelpful, important/unimportant, junior/senior,
known/unknown, lazy/hardworking, legal/illegal, likely/unlikely, literal/figurative, local/global,
logical/illogical, lucky/unlucky, major/minor, mature/immature, moral/immoral, natural/artificial,
necessary/unnecessary, normal/abnormal, offensive/defensive, optimistic/pessimistic, optional/mandatory,
ordinary/extraordinary, patient/impatient, permanent/temporary, pleasant/unpleasant, popular/unpopular,
positive/negative, possible/impossible, present/absent, private/public, proud/ashamed, pure/impure,
quick/slow, real/fake, regular/irregular, relevant/irrelevant, responsible/irresponsible, rural/urban,
satisfied/dissatisfied, secure/insecure, serious/funny, similar/different, single/married, solid/liquid,
stable/unstable, sufficient/insufficient, superior/inferior, tame/wild, useful/useless, vacant/occupied,
valid/invalid, vertical/horizontal, visible/invisible, voluntary/compulsory, wise/foolish,
advantage/disadvantage, ally/opponent, arrival/departure, ceiling/floor, cause/effect, comedy/tragedy,
courage/cowardice, demand/supply, entrance/exit, gain/loss, guest/host, hope/despair, joy/sorrow,
knowledge/ignorance, majority/minority, order/chaos, pleasure/pain, poverty/wealth, predator/prey,
profit/loss, question/answer, strength/weakness, student/teacher, theory/practice, truth/lie,
unity/division, virtue/vice, beginning/ending, accurate/inaccurate, approve/disapprove,
conscious/unconscious, constant/changeable, direct/indirect, even/odd, excited/bored, former/latter,
fit/unfit, happily/sadly, quickly/slowly, inner/outer, upper/lower, upward/downward, employ/dismiss,
finite/infinite, lead/follow, like/dislike, mobile/immobile, official/unofficial, perfect/imperfect,
personal/impersonal, qualified/unqualified, related/unrelated, upstairs/downstairs, within/without, yes/no""")
SYNONYMS = tuple(tuple(line.split()) for line in _items("""
big large huge, small little tiny, happy glad joyful cheerful, sad unhappy sorrowful, fast quick rapid
swift, slow sluggish, smart clever intelligent bright, stupid foolish silly, begin start commence, end
finish conclude, help assist aid, buy purchase, sell vend, ask inquire question, answer reply respond,
speak talk, say state utter, look gaze stare, see observe notice, hear listen, walk stroll, run sprint
dash, jump leap hop, throw toss hurl, cry weep sob, laugh giggle chuckle, shout yell scream, rich wealthy
affluent, poor needy, strong powerful mighty, weak feeble frail, beautiful pretty lovely, ugly
unattractive hideous, old ancient aged, new modern recent, hard difficult tough, easy simple effortless,
brave courageous bold, afraid scared frightened, angry mad furious, calm peaceful tranquil, quiet silent
still, loud noisy, clean spotless, dirty filthy, hot warm heated, cold chilly icy, wet damp moist, dry
arid, correct right accurate, wrong incorrect mistaken, important significant crucial, famous renowned
celebrated, strange odd weird peculiar, common usual ordinary, rare uncommon scarce, dangerous risky
hazardous, safe secure, kind nice considerate, cruel mean brutal, honest truthful sincere, funny amusing
humorous, boring dull tedious, interesting fascinating engaging, tired weary exhausted, sick ill unwell,
healthy fit well, hungry starving famished, build construct erect, destroy ruin demolish, make create
produce, break smash shatter, repair fix mend, change alter modify, choose select pick, decide determine
resolve, think believe suppose, understand comprehend grasp, know recognize, learn study, teach instruct
educate, show display exhibit, hide conceal, find discover locate, lose misplace, get obtain acquire, give
provide donate, take grab seize, hold grip clutch, keep retain preserve, leave depart exit, arrive come,
return revert, stop halt cease, continue proceed persist, allow permit let, forbid ban prohibit, need
require, want desire wish, like enjoy, love adore, hate detest loathe, try attempt, win triumph, fail
flop, fight battle struggle, attack assault, defend protect guard, kill murder slay, job occupation
profession, house home residence, road street, car automobile, picture image, story tale narrative, book
volume, idea thought notion, plan scheme design blueprint, problem trouble difficulty, mistake error
fault, result outcome consequence, reason cause, goal aim objective target, method way procedure process,
part piece portion, group team, boss chief leader, friend companion pal, enemy foe opponent, child kid
youngster, doctor physician, money cash, gift present, trip journey voyage, holiday vacation, party
celebration, fear dread terror, joy delight happiness, pain ache, sorrow grief sadness, power strength
force, speed velocity pace, size extent, edge border rim, top summit peak, bottom base, middle center,
area region zone, city town, forest woods, ocean sea, stone rock, garbage trash rubbish, shop store, sofa
couch, movie film, error mistake, law rule regulation, proof evidence, chance opportunity, danger peril
risk, duty task, empty vacant, whole entire complete, final last ultimate, main chief principal primary,
real actual genuine, fake false counterfeit, sufficient enough adequate, near close, distant far remote,
often frequently, rarely seldom, quickly rapidly, also too, maybe perhaps, about approximately roughly,
almost nearly, assemble gather collect, pull drag tug, push shove, shine glow, shake tremble, vanish
disappear, appear emerge, grow expand increase, shrink decrease diminish, connect join link, separate
divide split, praise applaud, blame accuse, mention cite, explain clarify, describe portray depict,
suggest propose recommend, demand insist, promise vow pledge, warn caution, refuse reject decline, agree
concur, argue quarrel dispute, annoy irritate bother, amaze astonish surprise, confuse puzzle baffle,
encourage inspire, support back, lead guide, follow pursue, hurry rush, wait linger, rest relax, sleep
slumber, drink sip, eat consume devour, cut slice chop, cover wrap, fill stuff, clever witty, polite
courteous, rude impolite, proud arrogant, humble modest, generous charitable, greedy selfish, lazy idle,
busy occupied, careful cautious, careless reckless, certain sure confident, clear obvious evident, precise
exact, vague unclear, huge enormous gigantic, thin slim slender, fat plump stout, shiny glossy, sharp
keen, flat level, wide broad, odor smell scent, sound noise, taste flavor, anger rage fury, fame glory
renown, freedom liberty, nation country, war conflict, bravery courage, knowledge wisdom, illness disease
sickness, wound injury, salary wage pay, contest competition, prize award reward, test exam, trade
commerce, buyer customer, ability skill talent, habit custom, effect impact, fortune luck, motive reason,
annual yearly, attractive appealing, authentic genuine, hostile unfriendly, crucial vital essential"""))
RHYMES = tuple(tuple(line.split()) for line in _items("""
cat hat bat rat mat sat flat that chat fat, day play say way stay pay gray may away delay they weigh, ice
rice price twice slice spice nice mice dice, eat meat seat heat beat sweet street sheet neat complete
defeat, light night right fight bright sight tight might flight white bite kite, make cake lake take bake
shake snake brake, car star far bar jar guitar, bell sell tell well fell smell shell spell, ball call fall
tall wall small hall, book look cook hook took shook, ring sing king thing bring spring wing string, dog
fog log frog hog jog, hot pot not lot spot shot got dot, sun fun run gun one done son, bed red head bread
said fed led instead, rain train pain main chain brain plane lane explain, boat coat goat float note vote
wrote quote, moon soon spoon noon june tune balloon, tree see free three bee key sea tea me agree, house
mouse blouse spouse, town down brown crown clown gown, ship trip lip tip skip grip chip, hand land sand
band stand grand, best rest test west nest guest chest, cold gold old told hold bold fold, fire tire wire
hire desire choir, bear chair hair care share fair air stair, hear ear near year fear clear beer deer,
door floor more store four score shore, word bird third heard, snow go low slow show grow know throw, blue
shoe new true few two view flew who, bug hug mug rug jug, duck luck truck stuck, pig big dig wig fig, hill
fill pill will still bill kill, line wine fine nine sign mine shine design, mind find kind blind behind,
time rhyme climb lime crime, smile mile while file style, bone phone stone alone zone throne, rose nose
close those toes, round sound ground found pound, out about shout doubt scout, cow now how allow, boy toy
joy enjoy, coin join, voice choice rejoice, point joint, game name same fame flame came, face place race
space case base, gate late wait date great state plate eight, wave save brave cave gave, nail mail tale
pale sail whale scale, page stage cage age rage, dream team cream steam seem scream, green queen clean
mean seen machine, sleep deep keep cheap sheep steep, peace piece niece geese, speak week weak peak, feel
wheel real steel meal deal, leaf beef chief brief belief, stick kick pick trick quick sick, pin win thin
skin chin begin, drink think pink sink link, back black pack track snack, man can fan pan ran plan, map
cap tap nap trap snap, bad sad dad mad glad, lamp camp stamp damp, dance chance france, bank thank tank
drank, past fast last cast, dress guess less press mess, ten pen men then when, send end friend spend
bend, neck check deck wreck, get let wet pet met bet, cut but nut shut, cup up pup, love above dove glove,
money honey funny sunny, pool school cool rule fool, room broom groom bloom, food mood rude, fruit suit
boot root, good wood could should would, born corn horn storm warn, short sport court port report, cross
boss loss moss, song long strong wrong, nation station vacation, motion ocean lotion, better letter
sweater, dinner winner thinner, cry fly sky high eye tie buy why lie try, life wife knife, live give,
drive five alive, ride side wide guide hide bride, hope rope soap slope, joke smoke broke oak, hole goal
soul coal role, home foam roam, hurt shirt dirt skirt, learn turn burn earn return, park dark mark shark,
arm farm charm, card hard guard yard, art heart part start smart, letter better setter, flower power tower
hour shower, mother brother another other, water daughter, table able cable stable, mountain fountain,
trouble double bubble"""))
# English, German, Spanish, French.
TRANSLATIONS = tuple(row for row in _rows("""
house/Haus/casa/maison, place/Platz/lugar/lieu, family/Familie/familia/famille, point/Punkt/punto/point,
man/Mann/hombre/homme, woman/Frau/mujer/femme, child/Kind/niño/enfant, boy/Junge/chico/garçon,
girl/Mädchen/chica/fille, mother/Mutter/madre/mère, father/Vater/padre/père, brother/Bruder/hermano/frère,
sister/Schwester/hermana/sœur, son/Sohn/hijo/fils, daughter/Tochter/hija/fille, friend/Freund/amigo/ami,
dog/Hund/perro/chien, cat/Katze/gato/chat, horse/Pferd/caballo/cheval, cow/Kuh/vaca/vache,
pig/Schwein/cerdo/cochon, bird/Vogel/pájaro/oiseau, fish/Fisch/pez/poisson, mouse/Maus/ratón/souris,
bear/Bär/oso/ours, wolf/Wolf/lobo/loup, lion/Löwe/león/lion, sheep/Schaf/oveja/mouton,
duck/Ente/pato/canard, rabbit/Kaninchen/conejo/lapin, tree/Baum/árbol/arbre, flower/Blume/flor/fleur,
leaf/Blatt/hoja/feuille, forest/Wald/bosque/forêt, river/Fluss/río/rivière, lake/See/lago/lac,
sea/Meer/mar/mer, mountain/Berg/montaña/montagne, island/Insel/isla/île, sun/Sonne/sol/soleil,
moon/Mond/luna/lune, star/Stern/estrella/étoile, sky/Himmel/cielo/ciel, rain/Regen/lluvia/pluie,
snow/Schnee/nieve/neige, wind/Wind/viento/vent, fire/Feuer/fuego/feu, water/Wasser/agua/eau,
earth/Erde/tierra/terre, air/Luft/aire/air, stone/Stein/piedra/pierre, gold/Gold/oro/or,
silver/Silber/plata/argent, iron/Eisen/hierro/fer, wood/Holz/madera/bois, glass/Glas/vidrio/verre,
paper/Papier/papel/papier, book/Buch/libro/livre, letter/Brief/carta/lettre, word/Wort/palabra/mot,
sentence/Satz/frase/phrase, page/Seite/página/page, language/Sprache/idioma/langue, name/Name/nombre/nom,
number/Nummer/número/numéro, day/Tag/día/jour, night/Nacht/noche/nuit, morning/Morgen/mañana/matin,
evening/Abend/tarde/soir, week/Woche/semana/semaine, month/Monat/mes/mois, year/Jahr/año/année,
hour/Stunde/hora/heure, time/Zeit/tiempo/temps, today/heute/hoy/aujourd'hui,
tomorrow/morgen/mañana/demain, yesterday/gestern/ayer/hier, spring/Frühling/primavera/printemps,
summer/Sommer/verano/été, autumn/Herbst/otoño/automne, winter/Winter/invierno/hiver,
north/Norden/norte/nord, south/Süden/sur/sud, east/Osten/este/est, west/Westen/oeste/ouest,
world/Welt/mundo/monde, country/Land/país/pays, city/Stadt/ciudad/ville, village/Dorf/pueblo/village,
street/Straße/calle/rue, bridge/Brücke/puente/pont, door/Tür/puerta/porte, window/Fenster/ventana/fenêtre,
wall/Wand/pared/mur, roof/Dach/techo/toit, room/Zimmer/habitación/chambre, kitchen/Küche/cocina/cuisine,
table/Tisch/mesa/table, chair/Stuhl/silla/chaise, bed/Bett/cama/lit, lamp/Lampe/lámpara/lampe,
key/Schlüssel/llave/clé, clock/Uhr/reloj/horloge, garden/Garten/jardín/jardin,
school/Schule/escuela/école, teacher/Lehrer/profesor/professeur, student/Student/estudiante/étudiant,
doctor/Arzt/médico/médecin, hospital/Krankenhaus/hospital/hôpital, church/Kirche/iglesia/église,
king/König/rey/roi, queen/Königin/reina/reine, law/Gesetz/ley/loi, war/Krieg/guerra/guerre,
peace/Frieden/paz/paix, army/Armee/ejército/armée, soldier/Soldat/soldado/soldat,
work/Arbeit/trabajo/travail, money/Geld/dinero/argent, market/Markt/mercado/marché,
shop/Laden/tienda/magasin, price/Preis/precio/prix, bread/Brot/pan/pain, butter/Butter/mantequilla/beurre,
cheese/Käse/queso/fromage, milk/Milch/leche/lait, egg/Ei/huevo/œuf, meat/Fleisch/carne/viande,
salt/Salz/sal/sel, sugar/Zucker/azúcar/sucre, apple/Apfel/manzana/pomme, orange/Orange/naranja/orange,
potato/Kartoffel/patata/pomme de terre, rice/Reis/arroz/riz, wine/Wein/vino/vin, beer/Bier/cerveza/bière,
coffee/Kaffee/café/café, tea/Tee/té/thé, soup/Suppe/sopa/soupe, cake/Kuchen/pastel/gâteau,
car/Auto/coche/voiture, train/Zug/tren/train, ship/Schiff/barco/navire, boat/Boot/barca/bateau,
plane/Flugzeug/avión/avion, aircraft/Flugzeug/avión/avion, bicycle/Fahrrad/bicicleta/vélo,
road/Straße/carretera/route, way/Weg/camino/chemin, head/Kopf/cabeza/tête, hand/Hand/mano/main,
foot/Fuß/pie/pied, eye/Auge/ojo/œil, ear/Ohr/oreja/oreille, nose/Nase/nariz/nez, mouth/Mund/boca/bouche,
hair/Haar/pelo/cheveux, heart/Herz/corazón/cœur, blood/Blut/sangre/sang, body/Körper/cuerpo/corps,
arm/Arm/brazo/bras, leg/Bein/pierna/jambe, tooth/Zahn/diente/dent, life/Leben/vida/vie,
death/Tod/muerte/mort, love/Liebe/amor/amour, fear/Angst/miedo/peur, joy/Freude/alegría/joie,
dream/Traum/sueño/rêve, truth/Wahrheit/verdad/vérité, power/Macht/poder/pouvoir,
strength/Stärke/fuerza/force, freedom/Freiheit/libertad/liberté, question/Frage/pregunta/question,
answer/Antwort/respuesta/réponse, problem/Problem/problema/problème, idea/Idee/idea/idée,
story/Geschichte/historia/histoire, music/Musik/música/musique, song/Lied/canción/chanson,
film/Film/película/film, picture/Bild/imagen/image, art/Kunst/arte/art, game/Spiel/juego/jeu,
ball/Ball/pelota/balle, team/Mannschaft/equipo/équipe, shirt/Hemd/camisa/chemise,
shoe/Schuh/zapato/chaussure, hat/Hut/sombrero/chapeau, dress/Kleid/vestido/robe,
coat/Mantel/abrigo/manteau, colour/Farbe/color/couleur, red/rot/rojo/rouge, blue/blau/azul/bleu,
green/grün/verde/vert, yellow/gelb/amarillo/jaune, black/schwarz/negro/noir, white/weiß/blanco/blanc,
big/groß/grande/grand, small/klein/pequeño/petit, good/gut/bueno/bon, bad/schlecht/malo/mauvais,
new/neu/nuevo/nouveau, old/alt/viejo/vieux, young/jung/joven/jeune, beautiful/schön/hermoso/beau,
ugly/hässlich/feo/laid, long/lang/largo/long, short/kurz/corto/court, high/hoch/alto/haut,
low/niedrig/bajo/bas, hot/heiß/caliente/chaud, cold/kalt/frío/froid, strong/stark/fuerte/fort,
weak/schwach/débil/faible, rich/reich/rico/riche, poor/arm/pobre/pauvre, easy/einfach/fácil/facile,
difficult/schwierig/difícil/difficile, happy/glücklich/feliz/heureux, sad/traurig/triste/triste,
fast/schnell/rápido/rapide, slow/langsam/lento/lent, full/voll/lleno/plein, empty/leer/vacío/vide,
free/frei/libre/libre, important/wichtig/importante/important, possible/möglich/posible/possible,
dead/tot/muerto/mort, clean/sauber/limpio/propre, dirty/schmutzig/sucio/sale, true/wahr/verdadero/vrai,
false/falsch/falso/faux, one/eins/uno/un, two/zwei/dos/deux, three/drei/tres/trois,
four/vier/cuatro/quatre, five/fünf/cinco/cinq, six/sechs/seis/six, seven/sieben/siete/sept,
eight/acht/ocho/huit, nine/neun/nueve/neuf, ten/zehn/diez/dix, first/erste/primero/premier,
last/letzte/último/dernier, go/gehen/ir/aller, come/kommen/venir/venir, eat/essen/comer/manger,
drink/trinken/beber/boire, sleep/schlafen/dormir/dormir, see/sehen/ver/voir, hear/hören/oír/entendre,
speak/sprechen/hablar/parler, say/sagen/decir/dire, read/lesen/leer/lire, write/schreiben/escribir/écrire,
learn/lernen/aprender/apprendre, think/denken/pensar/penser, know/wissen/saber/savoir,
give/geben/dar/donner, take/nehmen/tomar/prendre, make/machen/hacer/faire, buy/kaufen/comprar/acheter,
sell/verkaufen/vender/vendre, find/finden/encontrar/trouver, lose/verlieren/perder/perdre,
open/öffnen/abrir/ouvrir, close/schließen/cerrar/fermer, play/spielen/jugar/jouer,
sing/singen/cantar/chanter, dance/tanzen/bailar/danser, run/laufen/correr/courir,
swim/schwimmen/nadar/nager, fly/fliegen/volar/voler, live/leben/vivir/vivre, die/sterben/morir/mourir,
help/helfen/ayudar/aider, begin/beginnen/empezar/commencer, wait/warten/esperar/attendre,
government/Regierung/gobierno/gouvernement, party/Partei/partido/parti,
history/Geschichte/historia/histoire, university/Universität/universidad/université,
president/Präsident/presidente/président, minister/Minister/ministro/ministre,
company/Firma/empresa/entreprise, group/Gruppe/grupo/groupe, member/Mitglied/miembro/membre,
area/Gebiet/área/zone, state/Staat/estado/état, part/Teil/parte/partie, end/Ende/fin/fin,
side/Seite/lado/côté, form/Form/forma/forme, line/Linie/línea/ligne, system/System/sistema/système,
service/Dienst/servicio/service, station/Bahnhof/estación/gare, career/Karriere/carrera/carrière,
century/Jahrhundert/siglo/siècle, example/Beispiel/ejemplo/exemple, office/Büro/oficina/bureau,
court/Gericht/tribunal/tribunal, church/Kirche/iglesia/église, museum/Museum/museo/musée,
author/Autor/autor/auteur, actor/Schauspieler/actor/acteur, people/Leute/gente/gens,
person/Person/persona/personne, birth/Geburt/nacimiento/naissance, husband/Ehemann/marido/mari,
wife/Ehefrau/esposa/épouse, uncle/Onkel/tío/oncle, aunt/Tante/tía/tante, castle/Schloss/castillo/château,
field/Feld/campo/champ, hill/Hügel/colina/colline, animal/Tier/animal/animal, plant/Pflanze/planta/plante,
science/Wissenschaft/ciencia/science, member/Mitglied/miembro/membre, border/Grenze/frontera/frontière,
success/Erfolg/éxito/succès, record/Rekord/récord/record, role/Rolle/papel/rôle,
right/rechts/derecha/droite, left/links/izquierda/gauche, early/früh/temprano/tôt, late/spät/tarde/tard,
always/immer/siempre/toujours, never/nie/nunca/jamais, here/hier/aquí/ici, and/und/y/et,
with/mit/con/avec, without/ohne/sin/sans, yes/ja/sí/oui, no/nein/no/non, many/viele/muchos/beaucoup"""))
GERMAN: dict[str, str] = {row[0]: row[1] for row in TRANSLATIONS}
SPANISH: dict[str, str] = {row[0]: row[2] for row in TRANSLATIONS}
FRENCH: dict[str, str] = {row[0]: row[3] for row in TRANSLATIONS}
ELEMENTS = _words("""
hydrogen helium lithium beryllium boron carbon nitrogen oxygen fluorine neon sodium magnesium aluminum
silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium chromium manganese
iron cobalt nickel copper zinc gallium germanium arsenic selenium bromine krypton rubidium strontium
yttrium zirconium niobium molybdenum technetium ruthenium rhodium palladium silver cadmium indium tin
antimony tellurium iodine xenon cesium barium lanthanum cerium praseodymium neodymium promethium samarium
europium gadolinium terbium dysprosium holmium erbium thulium ytterbium lutetium hafnium tantalum tungsten
rhenium osmium iridium platinum gold mercury thallium lead bismuth polonium astatine radon francium radium
actinium thorium protactinium uranium neptunium plutonium americium curium berkelium californium
einsteinium fermium mendelevium nobelium lawrencium rutherfordium dubnium seaborgium bohrium hassium
meitnerium darmstadtium roentgenium copernicium nihonium flerovium moscovium livermorium tennessine
oganesson""")
IRREGULAR_PLURALS: dict[str, str] = {row[0]: row[1] for row in _rows("""
man/men, woman/women, child/children, foot/feet, tooth/teeth, goose/geese, mouse/mice, louse/lice,
ox/oxen, person/people, die/dice, sheep/sheep, deer/deer, fish/fish, series/series, species/species,
aircraft/aircraft, salmon/salmon, moose/moose, crisis/crises, analysis/analyses, basis/bases,
thesis/theses, hypothesis/hypotheses, oasis/oases, diagnosis/diagnoses, axis/axes, cactus/cacti,
fungus/fungi, nucleus/nuclei, stimulus/stimuli, radius/radii, alumnus/alumni, phenomenon/phenomena,
criterion/criteria, medium/media, bacterium/bacteria, curriculum/curricula, knife/knives, life/lives,
wife/wives, half/halves, leaf/leaves, loaf/loaves, wolf/wolves, shelf/shelves, self/selves, calf/calves,
elf/elves, thief/thieves, scarf/scarves, policeman/policemen, businessman/businessmen,
gentleman/gentlemen, fireman/firemen, chairman/chairmen, fisherman/fishermen, grandchild/grandchildren,
potato/potatoes, tomato/tomatoes, hero/heroes, echo/echoes, veto/vetoes, torpedo/torpedoes, quiz/quizzes,
trout/trout, offspring/offspring, spokesman/spokesmen, vertex/vertices, index/indices, matrix/matrices,
stomach/stomachs, monarch/monarchs, epoch/epochs, squid/squid, bison/bison, policewoman/policewomen,
parenthesis/parentheses, hoof/hooves, bookshelf/bookshelves, mosquito/mosquitoes, mango/mangoes,
midwife/midwives, housewife/housewives""")}
NOUNS = _words("""
end world match career city year day game team time season film song album book school house line point
place family group member company party state area country town village county river road street bridge
station train bus car ship boat plane engine wheel machine computer phone camera radio band singer actor
director writer author artist painter poet player coach captain goal race club league title award prize
record score win loss battle war army soldier officer general king queen prince princess president
minister senator governor mayor judge lawyer court law rule right vote election office job worker boss
manager leader student teacher professor class course lesson exam test degree university college library
museum theatre church temple castle palace tower wall gate door window roof floor room kitchen bathroom
bedroom garden park forest tree flower plant leaf branch root seed fruit apple pear plum banana orange
grape cherry peach lemon berry carrot onion bean pea cabbage cake pie cookie sandwich burger pizza soup
salad egg sausage dish plate cup glass bottle bowl knife spoon fork table chair sofa bed desk lamp clock
watch key lock box bag basket bucket pan pot stove oven fridge brush comb towel mirror picture photo
painting poster map flag letter word sentence page chapter story novel poem play scene stage theme idea
thought dream plan project problem question answer reason cause effect result fact theory method system
process program model version copy type kind form shape size number figure amount price cost bill tax bank
dollar pound coin card ticket gift toy doll ball bat racket net ring chain necklace bracelet watchmaker
shirt coat jacket dress skirt hat cap shoe boot sock glove belt button pocket dog cat horse cow pig goat
lamb rabbit bird duck chicken eagle owl crow snake frog turtle fly bee ant spider butterfly lion tiger
bear elephant monkey fox whale shark island ocean sea lake beach coast hill mountain valley desert cave
cliff rock stone field farm barn village border region district province capital kingdom empire republic
nation colony century decade month week hour minute second moment morning evening night summer winter
spring holiday festival wedding birthday funeral ceremony concert show performance tour trip journey
flight voyage route path track lane highway tunnel airport harbor port hotel restaurant cafe shop store
market mall factory mill mine hospital clinic prison crime murder thief victim witness doctor nurse
patient disease illness virus drug pill hand arm leg knee finger toe eye ear nose mouth lip neck shoulder
back chest heart brain bone muscle nerve body skin head face voice smile laugh cry tear friend neighbor
guest visitor stranger enemy brother sister father mother son daughter uncle aunt cousin nephew niece baby
boy girl lady husband couple twin name nickname sign symbol signal message note email website network link
page screen keyboard button cable wire battery switch tool hammer nail screw saw drill ladder rope tent
gun rifle sword bullet bomb missile weapon tank helmet shield uniform medal trophy statue monument tomb
grave building apartment flat cottage hut cabin mansion hall lobby stair elevator corner edge side center
circle square triangle cube curve angle point dot spot stripe color pattern texture fabric thread needle
carpet curtain blanket pillow mattress sheet cloud storm wave wind shower flood earthquake volcano planet
star moon galaxy rocket satellite telescope microscope experiment laboratory scientist engineer mechanic
carpenter plumber electrician farmer baker butcher tailor barber waiter chef cook driver pilot sailor
fisher hunter guard spy detective agent clerk cashier banker accountant secretary journalist reporter
editor publisher printer newspaper magazine article column report essay document file folder paper pencil
pen marker eraser ruler notebook diary calendar dictionary encyclopedia language dialect accent phrase
verb noun vowel syllable alphabet code puzzle riddle joke trick contest competition tournament final
champion winner loser rival opponent partner assistant expert critic fan audience crowd community society
organization institution agency committee council board department branch unit division section part piece
slice half quarter bit block brick tile pipe tube tank pump valve motor pedal brake tire bicycle truck van
taxi tram wagon cart carriage helicopter airplane jet submarine ferry yacht canoe anchor sail mast deck
crew passenger tourist traveler guide citizen resident immigrant refugee native tribe clan ancestor
descendant heir orphan widow bride groom priest monk nun bishop pope saint angel devil ghost witch wizard
giant dwarf dragon monster fairy hero villain character role episode sequel trailer studio producer album
track lyric chorus melody rhythm instrument guitar piano violin drum trumpet flute orchestra choir dance
dancer ballet opera musical comedy tragedy drama sport athlete runner swimmer skater boxer wrestler golfer
referee stadium arena pool gym field court hoop event date deadline appointment meeting conference
interview speech debate argument conflict dispute protest strike riot revolution victory defeat retreat
attack defense strategy tactic threat danger risk chance opportunity choice option decision opinion belief
religion god prayer sin virtue habit custom tradition culture value skill talent gift ability strength
weakness fear hope wish desire need demand request order command suggestion proposal offer deal contract
agreement treaty alliance border barrier obstacle challenge struggle effort attempt success failure
mistake error fault crisis disaster accident injury wound scar bruise fever cough cold headache allergy
tax wage salary fee fine debt loan fund budget investment profit brand product item object material metal
element atom molecule cell gene species organism insect reptile mammal predator bus watch church bush wish
brush bench lunch inch beach coach speech sketch switch branch fox tax mix index prefix suffix class pass
loss boss kiss actress princess mattress compass address process witness business city lady army party
county study story copy body duty enemy factory memory victory category century library pony puppy cherry
berry daisy fairy jury penny baby battery dictionary discovery identity property recipe ceremony cemetery
colony ministry quality""")
PERSON_VERBS_BASE = _words("""
mention recommend contact thank avoid introduce admire help encourage support stop believe advise call
visit follow praise criticize blame accuse warn invite welcome greet interview question ignore recognize
remember respect trust hire fire train teach meet see hear find know beat catch lead choose forgive
understand defend attack protect save rescue punish reward surprise annoy offend impress inspire amuse
bother disturb watch observe notice need like love hate miss assist guide instruct inform notify push hug
kiss insult mock tease embarrass hurt investigate arrest sue judge evaluate represent serve consult
correct convince persuade please challenge join replace describe photograph paint draw feed tell chase
approach""")
VERBS_BASE = PERSON_VERBS_BASE + _words("""
build buy sell write read sing carry open close clean repair break steal hide throw make bring take give
eat drink cook wash move paint design discover invent produce publish record release win lose sign plan
use change create destroy study keep hold leave receive send cut drop lift count measure collect drive
ride finish start develop examine discuss explain""")
IRREGULAR_VERBS: dict[str, tuple[str, str]] = {row[0]: (row[1], row[2]) for row in _rows("""
teach/taught/taught, meet/met/met, see/saw/seen, hear/heard/heard, find/found/found, know/knew/known,
beat/beat/beaten, catch/caught/caught, lead/led/led, choose/chose/chosen, forgive/forgave/forgiven,
understand/understood/understood, hurt/hurt/hurt, draw/drew/drawn, feed/fed/fed, tell/told/told,
build/built/built, buy/bought/bought, sell/sold/sold, write/wrote/written, read/read/read, sing/sang/sung,
break/broke/broken, steal/stole/stolen, hide/hid/hidden, throw/threw/thrown, make/made/made,
bring/brought/brought, take/took/taken, give/gave/given, eat/ate/eaten, drink/drank/drunk, win/won/won,
lose/lost/lost, keep/kept/kept, hold/held/held, leave/left/left, send/sent/sent, cut/cut/cut,
drive/drove/driven, ride/rode/ridden, go/went/gone, come/came/come, run/ran/run, begin/began/begun,
grow/grew/grown, become/became/become, say/said/said, think/thought/thought, stand/stood/stood,
sit/sat/sat, sleep/slept/slept, speak/spoke/spoken, swim/swam/swum, fly/flew/flown, fall/fell/fallen,
rise/rose/risen, fight/fought/fought, spend/spent/spent, feel/felt/felt, get/got/got, wear/wore/worn,
lie/lay/lain, have/had/had, do/did/done, be/was/been, pay/paid/paid, shoot/shot/shot""")}
_DOUBLING = frozenset(_words("stop hug drop plan grab beg ban step nod rob trap wrap refer prefer admit commit drag"))
PROFESSIONS = _words("""
judge lawyer artist professor tourist senator author athlete manager secretary banker student president doctor
scientist actor nurse teacher engineer farmer baker butcher plumber carpenter dentist journalist waiter chef
barber cashier accountant architect firefighter soldier sailor tailor writer electrician mechanic librarian
surgeon gardener painter poet dancer photographer singer pilot driver guard detective clerk editor reporter
director producer musician officer minister mayor governor king queen prince coach player captain king
neighbor guest visitor witness customer patient customer worker boss colleague assistant""")
NAMES = _words("""
James Mary John Patricia Robert Jennifer Michael Linda William Elizabeth David Barbara Richard Susan
Joseph Jessica Thomas Sarah Charles Karen Daniel Nancy Matthew Lisa Anthony Betty Mark Margaret Paul
Sandra Steven Ashley Andrew Kimberly Kenneth Emily Joshua Donna Kevin Michelle Brian Carol George Amanda
Edward Melissa Ronald Deborah Timothy Stephanie Jason Rebecca Jeffrey Laura Ryan Sharon Jacob Cynthia Gary
Kathleen Nicholas Amy Eric Angela Jonathan Shirley Stephen Anna Larry Brenda Justin Pamela Scott Emma
Brandon Nicole Benjamin Helen Samuel Samantha Frank Katherine Gregory Christine Raymond Debra Alexander
Rachel Patrick Carolyn Jack Janet Dennis Maria Jerry Heather Fred Bill Sam Sue Tom Tim Kim Ann Bob Jim
Rusty Harry Sally Lucy Peter Alice Martin Oliver Sophie""")
SURNAMES = _words("""
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis
Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall
Rivera Campbell Mitchell Carter Roberts Newton Tucker Manning Kowalski Schneider Fischer Weber Tesla
Luther Dupont Moreau Rossi Bianchi Novak Ivanov Tanaka Sato Suzuki Chen Wang Khan Singh Patel Okafor
Mensah""")
PLACES = _items("""
London, Paris, Berlin, Madrid, Rome, Vienna, Warsaw, Moscow, Tokyo, Beijing, Delhi, Cairo, Nairobi, Lagos,
Sydney, Melbourne, New York, Los Angeles, Chicago, Houston, Boston, Denver, Seattle, San Francisco, Miami,
Atlanta, Dallas, Toronto, Montreal, Vancouver, Mexico City, Buenos Aires, Lima, Santiago, Rio de Janeiro,
Lisbon, Athens, Istanbul, Prague, Budapest, Oslo, Stockholm, Copenhagen, Helsinki, Dublin, Edinburgh,
Manchester, Oxford, Cambridge, California, Texas, Florida, Virginia, Ohio, Germany, France, Spain, Italy,
Poland, Russia, China, Japan, India, Egypt, Kenya, Nigeria, Australia, Canada, Brazil, England, Scotland,
Ireland, Wales, Southern California, the Netherlands, the United States, the United Kingdom, the Soviet
Union, North Carolina, West Africa, Central Asia, Northern Europe, the Middle East, Jacksonville, Fresno,
Newcastle, Victoria, Normandy""")
ORGANISATIONS = _items("""
the United Nations, the European Union, the BBC, NASA, ABC, CBS, Microsoft, Apple, Google, IBM, Toyota,
Siemens, the Red Cross, the World Bank, Harvard University, Yale University, the University of Chicago,
Oxford University, the Supreme Court, the Parliament, the Senate, the Royal Society, the Catholic Church,
the Labour Party, the Conservative Party, the Ministry of Health, the Panthers, the Broncos, the Ravens,
the Giants, the Yankees, Real Madrid, Manchester United, the Roman Empire, the Ottoman Empire, the Ming
dynasty, the Yuan dynasty, the Navy, the Air Force, the National Gallery, the Nobel Committee, the Olympic
Committee, the East India Company""")
OBJECTS = _words("""
book letter house car picture door window bottle cake bicycle bridge camera computer contract dinner
garden guitar hat key ladder lamp machine map message newspaper painting phone piano plan poem report ring
road ship shirt song statue story table ticket toy tree vase watch wall""")
# fmt: on


def plural(noun: str) -> str:
    """The plural of ``noun`` (of its last word)."""
    head, blank, last = noun.rpartition(" ")
    if last in IRREGULAR_PLURALS:
        result = IRREGULAR_PLURALS[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        result = last + "es"
    elif last.endswith("y") and last[-2:-1] not in ("", *"aeiou"):
        result = last[:-1] + "ies"
    else:
        result = last + "s"
    return head + blank + result


def third_person(verb: str) -> str:
    """``write`` -> ``writes``."""
    if verb in ("go", "do"):
        return verb + "es"
    if verb == "have":
        return "has"
    if verb.endswith(("s", "x", "z", "ch", "sh")):
        return verb + "es"
    return verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in "aeiou" else verb + "s"


def past(verb: str) -> tuple[str, str]:
    """The past form and the past participle of ``verb``."""
    if verb in IRREGULAR_VERBS:
        return IRREGULAR_VERBS[verb]
    if verb.endswith("e"):
        form = verb + "d"
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        form = verb[:-1] + "ied"
    else:
        form = verb + (verb[-1] if verb in _DOUBLING else "") + "ed"
    return form, form


def _forms(base: str) -> tuple[str, str, str, str]:
    """(base, third person, past, past participle)."""
    return (base, third_person(base), *past(base))


PERSON_VERBS: tuple[tuple[str, str, str, str], ...] = tuple(_forms(verb) for verb in PERSON_VERBS_BASE)
VERBS: tuple[tuple[str, str, str, str], ...] = tuple(_forms(verb) for verb in dict.fromkeys(VERBS_BASE))
