"""Words for the generated examples: common ones and pronounceable invented ones."""

from __future__ import annotations

import random

COMMON_WORDS: list[str] = """
able about above accept accident account acid across act action actor add address adult advice affair afraid
after again age agent ago agree air airport alarm album alive alley allow almost alone along already also
always amount anchor ancient angel anger angle angry animal ankle answer ant any apart apple april apron arch
area arm army around arrive arrow art artist ash ask asleep atom attack attic august aunt author autumn awake
award away awful axe baby back bacon bad badge bag bake baker balance balcony bald ball balloon banana band
bank bar barber bare bark barn barrel base basic basin basket bat bath battle beach bead beak bean bear beard
beast beat beautiful beauty beaver become bed bee beef beer beetle before begin behave behind believe bell
belly belong below belt bench bend berry beside best better between bicycle big bike bill bin bird birth
birthday biscuit bite bitter black blade blame blanket bleed blind block blonde blood bloom blouse blow blue
board boat body boil bold bolt bomb bone book boot border bored boring born borrow boss both bother bottle
bottom bowl box boy brain branch brass brave bread break breakfast breath breathe breeze brick bride bridge
brief bright bring broad broken bronze broom brother brown brush bubble bucket budget bug build builder
building bull bullet bundle burn bus bush business busy butcher butter butterfly button buy cabbage cabin
cabinet cable cactus cage cake calendar calf call calm camel camera camp campaign canal cancel candle candy
cannon canoe canvas cap capital captain car card care career careful cargo carpet carriage carrot carry cart
castle cat catch cattle cause cave ceiling celebrate cell cellar center central century cereal certain chain
chair chalk challenge champion chance change channel chapter character charge charm chart chase cheap check
cheek cheerful cheese chef cherry chess chest chew chicken chief child chimney chin chip chocolate choice
choose church cinema circle circus citizen city civil claim clap class classic classroom claw clay clean
clear clerk clever cliff climate climb clinic clock close closet cloth cloud cloudy clown club clue coach
coal coast coat cobra coconut coffee coin cold collar collect college colony color column comb combine come
comedy comfort common community company compare compass complain complete computer concert conclude concrete
confirm connect consider contain contest continue contract control cook cookie cool copper copy coral cord
corn corner correct cost costume cottage cotton couch cough council count counter country couple courage
course court cousin cover cow coward crab crack cradle craft crane crash crayon crazy cream create creature
credit creek crew cricket crime crisis critic crop cross crowd crown cruel cry crystal cube cucumber culture
cup cupboard cure curious curl current curtain curve cushion custom customer cut cycle daily dairy daisy
damage damp dance dancer danger dangerous dark daughter dawn day dead deaf deal dear death debate debt decade
december decide deck deep deer defeat defend degree delay delicate delicious deliver demand dentist deny
depart depend depth describe desert deserve design desk dessert destroy detail detective develop device devil
diamond diary dice dictionary die diet different difficult dig dinner dinosaur direct dirt dirty disagree
disaster discover discuss disease dish distance divide doctor dog doll dollar dolphin donkey door dot double
doubt dough dove down dozen draft dragon drain drama draw drawer dream dress drift drill drink drive driver
drop drum dry duck due dull dumb dust duty dwarf eager eagle ear early earn earth earthquake east easy eat
echo edge editor educate effect effort egg eight elbow elect electric elegant elephant elevator eleven
emerald emotion emperor empire employ empty end enemy energy engine engineer enjoy enormous enough enter
entire envelope equal error escape essay even evening event evidence evil exact exam example excellent
exchange excited excuse exercise exhibit exist exit expect expensive expert explain explore express extra eye
fabric face fact factory fail faint fair fairy faith fall false fame family famous fan fancy far farm farmer
fashion fast fat father fault favor fear feast feather february fee feed feel fellow fence fern ferry fever
few fiction field fierce fifty fight figure file fill film final finance find finger finish fire fireplace
firm first fish fisherman fist five flag flame flash flat flavor flea flee flesh flight float flock flood
floor flour flow flower flu fluid flute fly foam focus fog fold folk follow food fool foot football forbid
force forehead foreign forest forever forget forgive fork form formal fortune forty forward fossil found
fountain four fox frame free freedom freeze fresh friday friend friendly frog front frost frown frozen fruit
fuel full fun fund funny fur furniture future galaxy gallery game gang gap garage garbage garden garlic gas
gate gather general generous gentle gentleman ghost giant gift ginger giraffe girl give glad glance glass
globe glory glove glow glue goal goat gold golden good goose gorilla govern government grab grace grade grain
grand grape graph grass grateful grave gravity gray great greedy green greet grocery ground group grow guard
guess guest guide guilty guitar gun guy habit hair half hall ham hammer hamster hand handle handsome hang
happen happy harbor hard harm harsh harvest hat hate hawk hay head heal health healthy hear heart heat heaven
heavy hedge heel height helicopter hello helmet help helpful hen herb herd here hero hidden hide high highway
hike hill hip hire history hit hobby hold hole holiday hollow holy home homework honest honey honor hood hook
hope horizon horn horror horse hospital host hostile hot hotel hour house huge human humble humor hundred
hungry hunt hunter hurry hurt husband hut ice icon idea ideal ignore ill image imagine immense improve inch
income increase industry infant inform injury ink innocent insect inside insult invent invite iron island
issue item ivory jacket jail jam january jar jaw jazz jealous jeans jelly jet jewel job join joint joke
journal journey joy judge juice july jump june jungle junior jury justice kangaroo keen keep kettle key
keyboard kick kid kidney kill kind king kingdom kiss kitchen kite kitten knee knife knight knit knock knot
know label labor ladder lady lake lamb lamp land language large laser late laugh laundry law lawn lawyer lazy
lead leader leaf league leak learn leather leave lecture left leg legal legend lemon lend length leopard
lesson letter lettuce level library license lid lie life lift light lightning like limb lime limit line lion
lip liquid list listen little live lively liver lizard loaf loan lobster local lock lonely long loose lord
lose lot loud love lovely low loyal luck lucky luggage lunch lung luxury machine mad magazine magic magnet
maid mail main major make male manage manager mango manner map maple marble march margin marine mark market
marriage marry mask mass master match material matter mayor meadow meal mean measure meat medal medical
medicine medium meet melon melt member memory mental menu mercy merry mess message metal meter method middle
midnight mild military milk mill million mind mineral minister minor minute miracle mirror miss mistake mix
mixture mobile model modern modest moment monday money monkey monster month mood moon moral morning mosquito
moss mother motion motor mountain mouse mouth move movie mud mule murder muscle museum mushroom music
musician mustard mystery nail naked name napkin narrow nation native natural nature naughty navy near neat
neck necklace need needle neighbor nephew nerve nervous nest net network new news newspaper next nice nickel
niece night nine noble nobody nod noise noisy noodle noon normal north nose note notebook nothing notice
novel november number nurse nut nylon oak oasis obey object ocean october octopus odd offer office officer
often oil old olive onion open opera opinion orange orbit orchard order ordinary organ origin ostrich other
outside oval oven owl own owner oxygen oyster pack package page pain paint painter painting pair palace pale
palm pan panda panel panic paper parade parcel parent park parrot part partner party pass passage passenger
past pasta paste path patient pattern pause pave paw pay peace peaceful peach peacock peak peanut pear pearl
peasant pebble pedal pen pencil penguin people pepper perfect perfume period permit person pet phone photo
physics piano pick picnic picture pie piece pig pigeon pile pill pillow pilot pin pine pink pioneer pipe
pirate pitch pity pizza place plain plan plane planet plant plastic plate platform play player pleasant
please pleasure plenty plot plow plug plum plural pocket poem poet point poison polar pole police polite pond
pony pool poor popcorn popular porch port portrait possible post pot potato pottery pound pour powder power
powerful practice praise pray prepare present president press pretend pretty prevent price pride priest prime
prince princess print prison private prize problem process produce product professor profit program project
promise proof proper protect proud prove public pudding pull pulse pump pumpkin punch punish pupil puppet
puppy pure purple purpose purse push puzzle pyramid quality quantity quarrel quarter queen question quick
quiet quilt quit quiz rabbit race radar radio rail railway rain rainbow raise ranch range rapid rare rat raw
razor reach read ready real reason receive recent recipe record red reduce refuse regard region regret
regular relax relief remain remember remind remove rent repair repeat reply report rescue respect rest
restaurant result return reward rhythm rib ribbon rice rich riddle ride rifle right ring ripe rise risk rival
river road roast rob robber robin robot rock rocket roll roof room root rope rose rotten rough round route
row royal rub rubber rude rug ruin rule ruler rumor run rush rust sack sacred sad saddle safe safety sail
sailor saint salad salary sale salmon salt same sand sandal sandwich satellite saturday sauce sausage save
saw say scale scar scared scarf scary scene schedule school science scientist scissors score scout scream
screen screw sea seal search season seat second secret secretary section see seed seek select selfish sell
send senior sense sentence separate september series serious serve service seven severe sew shade shadow
shake shallow shame shape share shark sharp shave sheep sheet shelf shell shelter shepherd sheriff shield
shift shine ship shirt shiver shock shoe shoot shop shore short shoulder shout shovel show shower shrimp shut
shy sick side sigh sign signal silence silent silk silly silver similar simple sing singer single sink sister
sit six size skate skeleton sketch skill skin skirt skull sky slave sleep sleeve slice slide slim slip
slipper slow small smart smell smile smoke smooth snack snail snake snow soap soccer social sock soda sofa
soft soil soldier solid solve son song soon sorrow sort soul sound soup sour source south space spade spare
spark sparrow speak special speech speed spell spend spice spider spin spirit splendid split spoil sponge
spoon sport spot spray spread spring spy square squirrel stable stadium staff stage stair stamp stand star
start state statement station statue stay steady steak steal steam steel steep stem step stick stiff still
sting stir stocking stomach stone stool stop store storm story stove straight strange stranger straw
strawberry stream street strength stretch strict strike string stripe strong student studio study stupid
style subject submarine subway succeed success sudden suffer sugar suggest suit suitcase summer summit sun
sunday sunlight sunny sunrise super supper supply support sure surface surgeon surprise surround swallow
swamp swan swear sweat sweater sweep sweet swift swim swing sword symbol system table tail tailor take tale
talent talk tall tame tank tape target taste tax taxi tea teach teacher team tear teenager telephone
telescope tell temper temple ten tender tennis tent terrible test thank theater theory thick thief thin thing
think thirsty thirty thorn thousand thread three throat throne throw thumb thunder thursday ticket tide tidy
tie tiger tight tile timber time tin tiny tired tissue title toad toast tobacco today toe together toilet
tomato tomorrow tongue tool tooth top torch tortoise total touch tough tour tourist towel tower town toy
track tractor trade traffic trail train trap travel tray treasure treat tree tremble trial triangle tribe
trick trip trophy trouble trousers truck true trumpet trunk trust truth try tube tuesday tulip tune tunnel
turkey turn turtle twelve twenty twin twist type tyre ugly umbrella uncle under uniform union unit universe
unusual upper upset urban useful useless usual vacation valid valley valuable value van vanish vase vegetable
vehicle veil vein velvet verb vessel victim victory video view village vine violet violin virus visit visitor
vital voice volcano volume vote voyage wagon waist wait waiter wake walk wall wallet walnut wander want war
warm warn wash wasp waste watch water wave wax way weak wealth weapon wear weather weave web wedding
wednesday weed week weekend weigh weight welcome well west wet whale wheat wheel whip whisper whistle white
whole wicked wide widow wife wild will willow win wind window wine wing winner winter wire wise wish witch
witness wolf woman wonder wonderful wood wooden wool word work worker world worm worry worth wound wrap wrist
write writer wrong yacht yard year yellow yesterday young youth zebra zero zoo
""".split()

_COMMON_SHARE = 0.65
_ONSETS = """
b c d f g h j k l m n p r s t v w z bl br ch cl cr dr fl fr gl gr pl pr qu sc sh sk sl sm sn sp st sw th tr
""".split()
_VOWELS = "a e i o u a e i o u ai ea ee oa oo ou".split()
_CODAS = "b ck d g l ll m n nd ng nt p r rd rk rm rn s sh sk ss st t th x y".split()


def pseudo_word(generator: random.Random) -> str:
    """An invented, pronounceable word of 3 to 10 letters."""
    while True:
        parts: list[str] = []
        for _ in range(generator.choice((1, 2, 2, 2, 3, 3))):
            parts += [generator.choice(_ONSETS), generator.choice(_VOWELS)]
        if generator.random() < 0.2:
            parts = parts[1:]  # begin with a vowel
        if generator.random() < 0.6:
            parts.append(generator.choice(_CODAS))
        word = "".join(parts)
        if 3 <= len(word) <= 10:
            return word


def random_word(generator: random.Random, min_length: int = 3, max_length: int = 10) -> str:
    """A common word (65 %) or an invented one (35 %), of ``min_length`` to ``max_length`` letters."""
    while True:
        common = generator.random() < _COMMON_SHARE
        word = generator.choice(COMMON_WORDS) if common else pseudo_word(generator)
        if min_length <= len(word) <= max_length:
            return word
