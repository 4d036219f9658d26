"""The settings of each stage: frozen, every value with what it is, its unit and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LoadSettings:
    """What ``load`` accepts and how large it decodes."""

    long_side_px_max: int = 2048
    """Longest side of ``Photo.pixels``: a pill held in the hand is then 150-1,000 px long; the reader gets the rest."""

    short_side_px_min: int = 16
    """Shortest side of a photo: below it there is no room for an outline."""

    pixels_max: int = 178_000_000
    """Pixels of the file: Pillow refuses more than 178,956,970; phones write up to 108 million by default."""

    bytes_max: int = 256 * 2**20
    """Bytes of the file: 108 million pixels as PNG at its worst, rounded down."""

    memory_max: int = 1_000_000_000
    """Bytes of memory that opening a photo may take, Python and its libraries counted in; an estimate decides."""


@dataclass(frozen=True)
class SegmentSettings:
    """How pills are looked for (docs/experiments/segment.md names the round that set each value)."""

    coarse_px: int = 256
    """Long side, in pixels, of the first look at the whole photo; large pills are whole there ("Fourth round")."""

    fine_px: int = 448
    """Long side, in pixels, of the second look, where the first shows no pill or small ones ("Fourth round")."""

    small_px: float = 36.0
    """Length of a small pill, in pixels of the first look ("Fourth round")."""

    pill_px: float = 90.0
    """Length of the usual pill, in pixels of the closer look, where the photo has as many ("Fourth round")."""

    close_px: int = 896
    """Longest side, in pixels, of a closer look, and of the last where nothing is found ("Ninth", "Tenth round")."""

    again_px: tuple[float, ...] = (64.0, 128.0, 45.0)
    """Lengths of the usual pill, in pixels, in the views of few unlike or unclear regions ("Twelfth round")."""

    closer_min: float = 1.25
    """How many times larger an enlarged view must show the pills to be worth its time ("Fourth round")."""

    chance_min: float = 0.8
    """Mean chance of its map pixels from which on a region is a pill ("Fourth round")."""

    faces_sure_min: float = 0.9
    """The same of both faces of a reference photo, from which on no network is asked about them ("Twentieth round")."""

    length_px_min: float = 12.0
    """Shortest pill, in pixels of the loaded photo; on training photos the shortest has 13.6 ("Eighteenth round")."""

    pill_min: float = 0.65
    """Chance to be a pill at all from which on a region of a photo taken by hand is one ("Twentieth round")."""

    pill_sure_min: float = 0.9
    """The same from which on it surely is one, whatever other looks show ("Nineteenth round")."""

    pill_among_many_min: float = 0.2
    """The least where eight and more pills lie: what is covered by half among pills is one ("Eighteenth round")."""

    pill_of_list_min: float = 0.05
    """The same where a list says that pills lie there; what has less than ``pill_min`` may be none (docs/verify.md)."""

    whole_min: float = 0.9
    """Chance to be a pill from which on two halves are one, if it is the likelier explanation ("Seventeenth round")."""

    area_share_min: float = 0.08
    """Smallest pill, as a share of the area of the largest: 4 mm beside the usual 10 mm have 0.12."""

    area_share_among_many_min: float = 0.05
    """The same where there are many pills: the largest of many is larger than usual ("Ninth round")."""


@dataclass(frozen=True)
class ScaleSettings:
    """How far each kind of scale is trusted: relative standard deviations of the millimeters a pixel.

    They are estimates; docs/experiments/scale.md has the errors of sizes that were measured with them.
    """

    ruler_sigma: float = 0.01
    """Of a ruler with two axes across each other."""

    drawn_sigma: float = 0.1
    """What is added for a framed picture in a photo, whose ruler is drawn, and where ticks lie unevenly ("Insets")."""

    one_axis_sigma: float = 0.02
    """What is added where a ruler shows one axis only, so that a tilt of the camera is not seen."""

    marker_sigma: float = 0.01
    """Of the printed sheet with markers: what a printer may scale by."""

    card_sigma: float = 0.02
    """Of a bank card seen nearly from above (it counts within 2.5 % of its sides' ratio)."""

    coin_sigma: float = 0.02
    """Of a coin: drawn ones are found within 1.5 % ("Coins")."""

    caller_sigma: float = 0.005
    """Of the caller's own figure."""


@dataclass(frozen=True)
class MeasureSettings:
    """What ``measure`` can be told."""

    scored_min: float = 0.5
    """Probability of a score from which on its lines are looked for: more likely than not."""


@dataclass(frozen=True)
class CropSettings:
    """How a pill's face is brought to a reader; lengths are shares of the crop's short side.

    All from docs/experiments/readers.md, "The crop", where not said otherwise.
    """

    short_side_px: int = 200
    """Short side of the crop, in pixels."""

    long_side_px_max: int = 640
    """Longest side of the crop, in pixels: a capsule of 3 to 1, rounded to the networks' steps of 32."""

    margin: float = 0.06
    """Ground around the face."""

    rim: float = 0.02
    """The face's edge, left out: shading draws it as a line."""

    fade: float = 0.04
    """Over so much the face fades in: with a sharp edge a detector takes it for one large character."""

    mean_sigma: float = 0.08
    """Sigma of the Gaussian of the local mean that is taken off."""

    deviation_sigma: float = 0.16
    """Sigma of the Gaussian of the local deviation that is divided by."""

    deviation_floor: float = 3.0
    """Least local deviation, in gray levels: paper grain and JPEG noise stay below it and are not blown up to marks."""

    clip: float = 3.0
    """Largest value, in local deviations."""


@dataclass(frozen=True)
class FoundLineSettings:
    """How the built-in reader reads the lines that it finds (docs/experiments/reader.md, "Our own line finder")."""

    crop: CropSettings = field(default_factory=CropSettings)
    """The crop that strips are cut from."""

    clear_confidence_min: float = 0.9
    """Mean confidence from which on a reading that cannot be one of a line upside down is right."""

    sharpness: float = 20.0
    """Log odds of the right way up for each unit of mean confidence that one way is ahead of the other."""

    line_confidence_min: float = 0.5
    """Mean confidence below which a line is taken for relief that is no text."""


@dataclass(frozen=True)
class ReadSettings:
    """Which reader reads the imprint, and how the built-in one does; other engines hold their own settings."""

    reader: str = "pillprint"
    """A name of ``pipeline.imprint.READERS``: the most exact of them (docs/experiments/reader.md)."""

    lines: FoundLineSettings = field(default_factory=FoundLineSettings)
    """How the built-in reader reads."""


@dataclass(frozen=True)
class MatchSettings:
    """How much is compared. How observations weigh is fitted (``pipeline.match.model``, docs/trust.md)."""

    world: int = 50_000
    """Tablets and capsules of one market, listed or not: NLM's Pillbox of the US held some 84,000 records in 2020, a
    good part of them one tablet under several labels."""

    shortlist_max: int = 160
    """Imprints compared by alignment (docs/trust.md: how often the true one is among them)."""

    explained_max: int = 40
    """Most of these that are explained whole."""

    explained_min: int = 8
    """Fewest of these that are explained whole."""

    explained_within_bits: float = 14.0
    """Between the two counts those whose upper estimate comes so near to the best explanation are explained, in bits:
    1 in 16,000."""

    candidates_max: int = 20
    """Candidates answered: more than a person looks at."""


RISKS = ("one in 100", "strict", "exact only")


@dataclass(frozen=True)
class DecideSettings:
    """When the answer is sure enough (docs/trust.md)."""

    risk: str = "strict"
    """``one in 100``, certified on photos that nothing was fitted on; ``strict``, at which no wrong answer was seen;
    ``exact only``, strict and the text read equal to the imprint's (docs/trust.md: for which photos they hold)."""

    beside_rivals_min: float = 0.9
    """Share of the catalog's probability that the first drug must have: nine to one (docs/trust.md)."""

    short_sure_min: float = 0.8
    """How sure each character of an imprint of one or two must be (docs/trust.md, "tfda's two")."""

    contradicts_bits_max: float = -5.0
    """A look of at most this weight, in bits, contradicts: it is 32 times rarer with this product than at large."""

    def __post_init__(self) -> None:
        if self.risk not in RISKS:
            raise ValueError(f"risk is {self.risk!r}, none of {', '.join(RISKS)}")


@dataclass(frozen=True)
class VerifySettings:
    """When a pill is what it should be, and when it is not; all weights in bits (docs/verify.md has the choice)."""

    likelihood_bits: float = 10.0
    """Consistent: so much likelier than everything else a pill could be, 1,000 times."""

    ahead_bits: float = 6.6
    """Consistent: so much likelier than any other listed tablet, 100 times; what is nearer looks the same."""

    apart_bits: float = 3.3
    """The same of a tablet of which something does not fit, where all of the expected one does: ten times."""

    face_bits: float = 7.0
    """What an imprint must weigh that was read whole on the one face seen: 1 pill in 128 bears it."""

    part_bits: float = 10.0
    """What a part of an imprint must weigh, a number among it, where the rest may stand on a face not seen."""

    against_bits: float = 13.3
    """Contradicted by the text: something else explains it better, 10,000 times."""

    against_listed_bits: float = 8.0
    """The same where both faces were read and a listed tablet fits without fault: 256 times."""

    look_bits: float = 10.0
    """Contradicted by the look alone: so much rarer with what is expected than at large, 1,000 times."""

    listed_bits: float = 6.6
    """A list: before anything is seen a pill in a hundred is not of it; another strength of its drugs is what is mixed
    up, and has no such handicap."""

    risk_max: float = 0.02
    """Ruled out: the drugs asked about are together less probable."""


@dataclass(frozen=True)
class Settings:
    """The settings of the whole flow, one field a stage."""

    load: LoadSettings = LoadSettings()
    segment: SegmentSettings = SegmentSettings()
    scale: ScaleSettings = ScaleSettings()
    measure: MeasureSettings = MeasureSettings()
    read: ReadSettings = ReadSettings()
    match: MatchSettings = MatchSettings()
    decide: DecideSettings = DecideSettings()
    verify: VerifySettings = VerifySettings()
