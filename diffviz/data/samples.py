"""The sample pictures that ship with the program, in the order of the gallery."""

from dataclasses import dataclass
from pathlib import Path

from diffviz import paths


@dataclass(frozen=True)
class SamplePicture:
    """One picture of the gallery.

    Attributes
    ----------
    key
        Short name; the session calls the picture ``sample:<key>``.
    title
        What it shows, in words for the user.
    file_name
        Its file in the folder of photographs.
    credit
        Author and licence, one line.
    """

    key: str
    title: str
    file_name: str
    credit: str

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return paths.assets_dir() / "photos" / self.file_name


SAMPLES: tuple[SamplePicture, ...] = (
    SamplePicture("chelsea", "Chelsea the cat", "chelsea.png", "Stéfan van der Walt, CC0"),
    SamplePicture("astronaut", "Eileen Collins", "astronaut.png", "NASA, public domain"),
    SamplePicture("coffee", "Cup of coffee", "coffee.png", "Rachel Michetti, CC0"),
    SamplePicture("rocket", "Falcon 9 on its pad", "rocket.jpg", "SpaceX, public domain"),
    SamplePicture("raccoon", "Raccoon", "raccoon_face.png", "public-domain-image.com, public domain"),
    SamplePicture("hubble", "Hubble deep field", "hubble_deep_field.jpg", "NASA and ESA, public domain"),
    SamplePicture("calanque", "The calanque", "signac_calanque.jpg", "Paul Signac, public domain"),
    SamplePicture("camera", "Photographer (grey)", "camera.png", "Lav Varshney, CC0"),
)


def sample_picture(key: str) -> SamplePicture:
    """Sample picture with that key.

    Raises
    ------
    KeyError
        If there is none.
    """
    return {sample.key: sample for sample in SAMPLES}[key]
