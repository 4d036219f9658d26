"""Which of two networks a photo is for: the one of reference photos, or the one of photos taken by hand.

What the second finds a third network is asked about: is it a pill at all?
"""

from __future__ import annotations

from pipeline.records import Box, Photo, PillRegion
from pipeline.segment.close_up import CloseUp, is_piece, may_be_parts, whole_frame
from pipeline.segment.find import Search, are_faces_of_one
from pipeline.segment.pill_maps import MapsPills, PillNetwork
from pipeline.segment.pill_or_not import PillOrNot
from pipeline.segment.regions import content_box
from pipeline.settings import SegmentSettings

_FACES = 2
# Chance to be a pill from which on a region is no mark on a pill that fills the photo. Of pills in hands and on paper
# most have 0.99, of marks on crops of registers' photos the likeliest 0.52.
_SURE_MIN = 0.9
# Counters of letters and other parts that are found of a pill that fills the photo are seldom more.
_MARKS_MAX = 7
# A region that is found with its outline is the pill that fills the photo from this share of its area on.
_WHOLE_MIN = 0.85


def segment(photo: Photo, settings: SegmentSettings | None = None) -> tuple[PillRegion, ...]:
    """Find every pill of one photo, the largest first; see ``Segmenter``.

    Nothing is kept between calls, so each loads the networks (50 ms): for many photos hold a ``Segmenter``.
    """
    return Segmenter(settings)(photo)


class Segmenter:
    """Finds the pills of photos; holds three networks, each loaded when it is first needed.

    The first knows outlines on plain ground best. Where its first looks show just the two faces of one pill, as a
    register's photo does, they are returned; where it is not sure of both, only if `PillOrNot` takes one for a pill.
    Any other photo is for the second, which was taught skin, joints, cloth and heaps of pills too; one network for both
    lost on reference photos what it gained in hands (docs/experiments/segment.md, "Fifteenth round"). What the second
    finds is a pill only where `PillOrNot` agrees ("Sixteenth round"). Threads may share it; a pickled copy loads its
    own networks.

    Args:
        settings: how pills are looked for.
        maps: what tells where pills are in any photo, and is believed; None for the networks that ship.
    """

    def __init__(self, settings: SegmentSettings | None = None, maps: MapsPills | None = None) -> None:
        self.settings = settings or SegmentSettings()
        reference = PillNetwork("segment.onnx")
        any_photo = maps or PillNetwork("segment_field.onnx")
        self._reference = None if maps else Search(self.settings, reference)
        self._judge = None if maps else PillOrNot()
        self._close_up = CloseUp(reference, self._judge, self.settings.pill_min) if self._judge else None
        self._any = Search(self.settings, any_photo, self._judge)
        self._of_list = Search(self.settings, any_photo, self._judge, self.settings.pill_of_list_min)

    def __call__(self, photo: Photo, shown: Box | None = None) -> tuple[PillRegion, ...]:
        """Find every pill of the photo, the largest first.

        Args:
            photo: the photo.
            shown: its ``content_box``, where that is known already.

        Returns:
            One region a pill face; empty where the photo shows none. A pill that leaves the photo is flagged
            ``cut_by_border``.
        """
        box = content_box(photo.pixels) if shown is None else shown
        faces = self._two_faces(photo, box)
        if faces and not may_be_parts(photo, faces, box):
            return faces
        pills = faces or self._any(photo, box)
        return self._filling(photo, pills, box) or pills

    def of_list(self, photo: Photo, shown: Box | None = None) -> tuple[PillRegion, ...]:
        """The same where a list says that pills lie there; what a call would leave out is flagged ``doubted``."""
        box = content_box(photo.pixels) if shown is None else shown
        return self._two_faces(photo, box) or self._of_list(photo, box)

    def _two_faces(self, photo: Photo, box: Box) -> tuple[PillRegion, ...]:
        """The two faces of one pill as a register's photo shows them; else nothing."""
        pills = self._reference.at_first(photo, box, _FACES) if self._reference else ()
        are_faces = len(pills) == _FACES and are_faces_of_one(photo, pills, _FACES)
        return pills if are_faces and self._are_pills(photo, pills) else ()

    def _are_pills(self, photo: Photo, faces: tuple[PillRegion, ...]) -> bool:
        """Whether two alike regions are the faces of a pill: both are sure, or one at least is likely a pill."""
        if self._judge is None or min(face.confidence for face in faces) >= self.settings.faces_sure_min:
            return True
        return bool((self._judge(photo, faces) >= self.settings.pill_min).any())

    def _filling(self, photo: Photo, pills: tuple[PillRegion, ...], box: Box) -> tuple[PillRegion, ...]:
        """The pill that fills the photo, where nothing was found, or only parts of it."""
        if self._close_up is None or len(pills) > _MARKS_MAX or self._shows_a_pill(photo, pills):
            return ()
        one = self._close_up(photo, box, pills)
        if one is not None and not any(_is_whole(pill, one) for pill in pills):
            return (one,)
        is_frame = not pills and is_piece(photo.pixels[box[0] : box[2], box[1] : box[3]])
        return (whole_frame(photo, box),) if is_frame else ()

    def _shows_a_pill(self, photo: Photo, pills: tuple[PillRegion, ...]) -> bool:
        """Whether one of these is surely a pill that lies wholly in the photo: on a sheet of paper that fills it."""
        whole = [pill for pill in pills if not pill.cut_by_border]
        return self._judge is not None and bool((self._judge(photo, whole) >= _SURE_MIN).any())


def _is_whole(pill: PillRegion, filling: PillRegion) -> bool:
    """Whether a pill that was found is what fills the photo, with its outline in it."""
    return not pill.cut_by_border and pill.area > _WHOLE_MIN * filling.area
