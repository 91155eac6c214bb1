"""What a model can be asked, a row a verb: from here come the checks, sizes and descriptions of requests and answers.

`python docs/verbs.py` writes this table into docs/protocol.md, and what the browser needs of it into
app/components/web/core/verbs.js.
"""

from dataclasses import dataclass, replace

from engine.checkpoints.card import Card
from engine.inference.fields import MAX_ROWS, Array, Given, Parameter

MAX_STEPS = 25
"""Steps of an inversion that one job may ask for; the next one goes on from its state."""
FEW = 16
"""Rows of a verb whose rows take long."""
SEEDS = 2**32
TERMS = ("rate", "distortion", "rate_error", "distortion_error", "elbo_error")
"""What a bound is taken apart into, in nats."""
STRANGENESS = ("strangeness", "texture", "turned")
"""How far pictures are from the training pictures, and its parts."""


@dataclass(frozen=True)
class Verb:
    """What a verb needs of a model's card, what it takes, and what it gives."""

    about: str
    gives: tuple[Given, ...]
    takes: tuple[Array, ...] = ()  # n rows each
    parameters: tuple[Parameter, ...] = ()
    needs: tuple[str, ...] = ()
    cost: int = 1  # decoded rows that take as long as one of its rows or, where it has steps, as one step of a row
    live: bool = True  # whether the live channel has it

    @property
    def rows(self) -> str:
        """The field of a job that has its rows; "" where all jobs get the same."""
        if self.takes:
            return self.takes[0].name
        return SEED_LIST.field if SEED_LIST in self.parameters else ""

    def row_bytes(self, card: Card) -> int:
        """Return the bytes of a row of all that it takes."""
        return sum(array.row_bytes(card) for array in self.takes)


# What requests are made of

IMAGE = ("height", "width", "channel")
PICTURES = Array("pictures", IMAGE)
Z = Array("z", ("latent",), "float32")
STATE = Array("state", ("3 · latent + 1",), "float32")

ROWS = Parameter("rows", low=1, high=MAX_ROWS)
FEW_ROWS = replace(ROWS, high=FEW)
COLUMNS = replace(ROWS, name="columns", required=False)
CLASS = Parameter("y", many="each", required=False)
SEED_LIST = Parameter("seeds", high=SEEDS - 1, many="list", field="seeds")
SEED = replace(SEED_LIST, name="seed", many="each")
TRUNCATION = Parameter("truncation", "number", 0, 2, required=False, default=1.0)
STEPS = Parameter("steps", low=1, high=MAX_STEPS)
NEIGHBOURS = Parameter("neighbours", low=1, high=12, required=False, default=1)
WITH_TERMS = Parameter("terms", "flag", required=False, default=True)
FIRST = Parameter("first", high=1 << 20)
LAST = replace(FIRST, name="last")

# What answers are made of

SHOWN = Given("pictures", ("n", *IMAGE), "pictures", "uint8")
LATENTS = Given("z", ("n", "latent"), "floats")
ABOUT = Given("about", ("bytes",), "json", "uint8")


def _numbers(names: tuple[str, ...], when: str) -> tuple[Given, ...]:
    return tuple(Given(name, ("n",), "numbers", when=when) for name in names)


VERBS: dict[str, Verb] = {
    "decode": Verb(
        "Turns latents into pictures.",
        (SHOWN,),
        (Z,),
        (ROWS, CLASS, COLUMNS),
        ("decodes",),
    ),
    "sample": Verb(
        "Draws pictures, each by its seed.",
        (SHOWN,),
        parameters=(SEED_LIST, CLASS, TRUNCATION),
        needs=("samples",),
        live=False,
    ),
    "encode": Verb(
        "Turns pictures into latents.",
        (LATENTS,),
        (PICTURES,),
        (ROWS, CLASS),
        ("encodes",),
        live=False,
    ),
    "reconstruct": Verb(
        "Encodes pictures and decodes them again. With a seed z is a draw of the posterior, by that seed's own noise,"
        " in place of its mean, and `drawn` is true where the family has one. The terms are log q(z|x)/p(z) and −log "
        "p(x|z) in nats, means of 8 draws, the first by the seed, or by 0 if none is given, the rate in closed form "
        "where there is one; with the standard errors of these and of their sum. `strangeness` and its parts: see "
        "engine/analysis/familiarity.py.",
        (
            SHOWN,
            Given("z", ("n", "latent"), field="latent"),
            Given("drawn", ("n",), "flag", "uint8"),
            Given("y", ("n",), "classes", "int64", when="the classes it took, of a model that has classes"),
            *_numbers(TERMS, "with terms, of a model that bounds"),
            *_numbers(STRANGENESS, "where z is the mean, of a model that knows its training pictures"),
        ),
        (PICTURES,),
        (ROWS, CLASS, COLUMNS, replace(SEED, required=False, default=()), WITH_TERMS),
        ("encodes", "decodes"),
    ),
    "distance": Verb(
        "Compares pictures with others one by one: the squared distance in the model's features over the total "
        "variance of these on test pictures; 1 is as far as these are from their mean.",
        (Given("distance", ("n",), "floats"),),
        (PICTURES, Array("others", IMAGE)),
        (ROWS,),
        ("classifies",),
    ),
    "invert": Verb(
        "Goes on descending towards latents whose pictures are those given. A state is z | first moment | second "
        "moment | steps done: to begin, z of your choice and 0 for the rest; to go on, the state of the last answer. "
        "`losses` are the mean squared errors of a pixel before each step.",
        (
            SHOWN,
            Given("state", ("n", *STATE.sides)),
            Given("losses", ("n", "steps")),
        ),
        (PICTURES, STATE),
        (FEW_ROWS, STEPS, CLASS, COLUMNS),
        ("decodes",),
        cost=4,  # there and back
    ),
    "latents": Verb(
        "Draws latents by seeds: of the prior, or where there is none of a Gaussian fitted to the codes.",
        (LATENTS,),
        parameters=(SEED_LIST, TRUNCATION),
    ),
    "posterior": Verb(
        "Reads the posterior means of held-out pictures, and their labels where the data has them.",
        (Given("z", ("m", "latent"), "floats"), Given("labels", ("m",), "labels", "int16", when="of data with labels")),
    ),
    "directions": Verb(
        "Reads the directions that were found in the latent space: unit vectors, and a note on each as "
        "engine/checkpoints/directions.py has it.",
        (Given("z", ("m", "latent"), "floats"), replace(ABOUT, field="directions")),
    ),
    "wall": Verb(
        "Shows what a model makes of seeds: decoded draws of its prior, or its own samples.",
        (SHOWN,),
        parameters=(SEED_LIST, CLASS, COLUMNS, TRUNCATION),
    ),
    "pictures": Verb(
        "Draws real pictures of the data that the model learnt from.",
        (SHOWN,),
        parameters=(SEED_LIST, CLASS, COLUMNS),
    ),
    "points": Verb(
        "Gives the points of the plane that a toy makes of seeds.",
        (Given("points", ("n", "2"), "floats"),),
        parameters=(SEED_LIST, TRUNCATION),
        needs=("decodes",),
    ),
    "nearest": Verb(
        "Finds the nearest among the gathered training pictures, those of a row behind each other: by pixels, the "
        "root of their mean squared error or, of a model that classifies, in its features, the root of what "
        "`distance` gives.",
        (
            replace(SHOWN, shape=("n", "neighbours", *IMAGE)),
            Given("distance", ("n", "neighbours"), field="apart"),
        ),
        (PICTURES,),
        (ROWS, NEIGHBOURS, COLUMNS),
    ),
    "complete": Verb(
        "Draws the hidden pixels among first … last − 1, a pixel being row · width + column; `hidden` is 1 where one "
        "is to be drawn. The pictures come as they are, so that they can be given again to go on. `chances` are those"
        " that each value had, given all before it, and 0 at a pixel that is not hidden.",
        (
            replace(SHOWN, sent="raw"),
            Given("chances", ("n", "last − first", "channel", "levels"), when="with terms"),
        ),
        (PICTURES, Array("hidden", ("height", "width"))),
        (FEW_ROWS, FIRST, LAST, SEED, CLASS, WITH_TERMS),
        ("completes",),
        cost=1024,  # more than any pass takes, so it goes in chunks
    ),
    "surprise": Verb(
        "Says how many bits each pixel takes, all its channels together, given those before it: −log2 p.",
        (Given("surprise", ("n", "height", "width"), "floats"),),
        (PICTURES,),
        (ROWS, CLASS),
        ("completes",),
    ),
    "receptive": Verb(
        "Says by how much the mean of the distribution of the pixel `first` changes with each other: 0 where it does "
        "not see.",
        (Given("reach", ("n", "height", "width"), "floats"),),
        (PICTURES,),
        (FEW_ROWS, FIRST, CLASS),
        ("completes",),
    ),
    "masks": Verb(
        "Shows what the layers of a model see around a pixel, which stands in the middle: 1, else 0.",
        (Given("masks", ("m", "side", "side"), "floats"), replace(ABOUT, field="masks")),
        needs=("completes",),
    ),
    "classify": Verb(
        "Gives the logits of pictures; the card's labels name them.",
        (Given("logits", ("n", "labels"), "floats"),),
        (PICTURES,),
        (ROWS,),
        ("classifies",),
    ),
    "score": Verb(
        "Says how likely pictures are, in nats, of the class given or else the log of the mean over classes; and how "
        "many bits each takes as a file. `given` is log p(x|y) of each class. Of a model that scores or bounds.",
        (
            Given("given", ("n", "classes"), "floats", when="of a model that has classes, else shape [0]"),
            Given("log_prob", ("n",), "numbers", when="of a model that scores"),
            Given("elbo", ("n",), "numbers", when="of a model that bounds"),
            Given("file_bits", ("n",), "numbers"),
        ),
        (PICTURES,),
        (ROWS, CLASS),
    ),
}

LIVE = {name: verb for name, verb in VERBS.items() if verb.live}
"""Those of the live channel."""
