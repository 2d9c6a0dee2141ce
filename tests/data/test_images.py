"""Pictures of every common kind come out right, and a bad file is one sentence."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diffviz.data import images
from diffviz.data.images import ImageReadError, fit, from_array, from_uint8, image_grid, load_image, to_uint8
from diffviz.data.samples import SAMPLES, sample_picture


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def rgb(rows=4, columns=6):
    values = np.arange(rows * columns * 3, dtype=np.uint8).reshape(rows, columns, 3) * 3
    return Image.fromarray(values)


def exactly(values):
    """The [-1, 1] picture of 8-bit values, computed in float64 as THEORY A.2 has it."""
    return (2 * np.asarray(values, np.float64) / 255 - 1).astype(np.float32)


def test_every_eight_bit_level_survives_the_round_trip():
    levels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(from_uint8(levels)), levels)
    np.testing.assert_array_equal(from_uint8(levels), exactly(levels))


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=50))
@settings(max_examples=50, deadline=None)
def test_pixels_are_rounded_half_up_and_clipped(values):
    x = np.array(values, np.float32)
    wanted = (x.astype(np.float64) + 1) * 127.5 + 0.5
    inside = np.abs(wanted - np.round(wanted)) > 1e-4  # float32 may decide a tie either way
    expected = np.clip(np.floor(wanted), 0, 255)
    np.testing.assert_array_equal(to_uint8(x)[inside], expected[inside])


def test_the_exact_middle_between_two_levels_goes_up():
    assert to_uint8(np.array([0.0], np.float32))[0] == 128  # 127.5
    assert to_uint8(np.array([-1.0, 1.0, 7.0, -7.0, np.nan, np.inf], np.float32)).tolist() == [
        0,
        255,
        255,
        0,
        0,
        255,
    ]


def test_pixels_are_written_into_the_given_array_even_when_it_is_a_window_of_a_larger_one():
    x = np.linspace(-1, 1, 400 * 300 * 3, dtype=np.float32).reshape(400, 300, 3)
    canvas = np.zeros((500, 400, 3), np.uint8)
    window = canvas[50:450, 20:320]
    assert to_uint8(x, window) is window
    np.testing.assert_array_equal(canvas[50:450, 20:320], to_uint8(x))
    assert canvas[:50].max() == 0


def test_a_megapixel_becomes_pixels_within_a_few_copies_of_itself():
    x = np.random.default_rng(0).normal(size=(1024, 1024, 3)).astype(np.float32)
    out, copy = np.empty(x.shape, np.uint8), np.empty_like(x)

    def fastest(action):
        durations = []
        for _ in range(7):
            start = time.perf_counter()
            action()
            durations.append(time.perf_counter() - start)
        return min(durations)

    assert fastest(lambda: to_uint8(x, out)) < 8 * fastest(lambda: np.copyto(copy, x))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "WEBP", "JPEG"])
def test_each_common_format_is_read(kind, tmp_path):
    image = Image.new("RGB", (20, 10), (200, 40, 90))
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100} if kind == "JPEG" else {}
    path = tmp_path / f"photo.{kind.lower()}"
    image.save(path, **options)
    loaded = load_image(path)
    assert loaded.x_0.shape == (10, 20, 3)
    assert loaded.x_0.dtype == np.float32
    assert loaded.name == path.name
    assert loaded.original_size == (20, 10)
    assert loaded.note is None
    np.testing.assert_allclose(loaded.x_0[5, 5], exactly([200, 40, 90]), atol=0.03)


def test_lossless_colour_is_exact():
    image = rgb()
    np.testing.assert_array_equal(load_image(encoded(image)).x_0, exactly(np.asarray(image)))


def test_grey_stays_one_channel():
    image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6) * 10)
    loaded = load_image(encoded(image))
    assert loaded.x_0.shape == (4, 6, 1)
    np.testing.assert_array_equal(loaded.x_0[..., 0], exactly(np.asarray(image)))


def test_one_bit_pictures_are_black_and_white():
    loaded = load_image(encoded(Image.fromarray(np.eye(5, dtype=bool))))
    np.testing.assert_array_equal(loaded.x_0[..., 0], 2 * np.eye(5) - 1)


def test_palette_pictures_have_the_colours_of_their_palette():
    image = rgb().quantize(24)
    np.testing.assert_array_equal(load_image(encoded(image)).x_0, exactly(np.asarray(image.convert("RGB"))))


def test_a_transparent_palette_entry_shows_the_background():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((1, 0), 1)
    loaded = load_image(encoded(image, transparency=0), background=(0, 0, 255))
    np.testing.assert_allclose(loaded.x_0[0], [[-1, -1, 1], [-1, 1, -1]])


@pytest.mark.parametrize(
    ("alpha", "expected"), [(255, [200, 100, 50]), (0, [10, 20, 30]), (51, [48, 36, 34])]
)
def test_alpha_is_laid_over_the_chosen_colour(alpha, expected):
    image = Image.new("RGBA", (3, 3), (200, 100, 50, alpha))
    loaded = load_image(encoded(image), background=(10, 20, 30))
    np.testing.assert_allclose(loaded.x_0[1, 1], exactly(expected), atol=1e-6)


def test_grey_with_alpha_stays_grey_over_grey_and_takes_the_colour_of_a_coloured_background():
    stream = encoded(Image.new("LA", (3, 3), (100, 0)))
    assert load_image(stream).x_0.shape == (3, 3, 1)
    assert load_image(stream).x_0.max() == load_image(stream).x_0.min() == 1
    np.testing.assert_allclose(load_image(stream, background=(255, 0, 0)).x_0[0, 0], [1, -1, -1])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_depth(kind):
    values = np.array([[0, 1, 32768, 65535]], np.uint16)
    loaded = load_image(encoded(Image.fromarray(values), kind))
    assert loaded.x_0.shape == (1, 4, 1)
    np.testing.assert_allclose(loaded.x_0[0, :, 0], values[0] / 32767.5 - 1, atol=1e-7)
    assert loaded.x_0[0, 1, 0] > loaded.x_0[0, 0, 0]


def test_thirty_two_bit_integers_are_stretched_with_a_note():
    values = np.array([[-1000, 0, 99_000]], np.int32)
    loaded = load_image(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_allclose(loaded.x_0[0, :, 0], [-1, -0.98, 1], atol=1e-6)
    assert loaded.note == "values -1000 to 99000 stretched to black and white"


def test_float_tiff_in_unit_range_is_taken_as_it_is_and_gaps_are_darkest():
    values = np.array([[0.0, 0.25, 1.0, np.nan]], np.float32)
    loaded = load_image(encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_allclose(loaded.x_0[0, :, 0], [-1, -0.5, 1, -1])
    assert loaded.note is None


def test_sixteen_bit_colour_is_right_to_the_eight_bit_level():
    import struct
    import zlib

    values = np.array([[[65535, 0, 32768], [256, 512, 65280]]], np.uint16)
    rows = b"\0" + values.astype(">u2").tobytes()

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    np.testing.assert_allclose(load_image(png).x_0, values / 32767.5 - 1, atol=1.01 / 127.5)


def test_cmyk_becomes_rgb():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    loaded = load_image(encoded(image, "TIFF"))
    np.testing.assert_allclose(loaded.x_0[4, 4], [1, -1, -1], atol=0.02)
    assert loaded.mode == "CMYK"


def test_a_phone_picture_with_a_second_view_is_read_as_its_first():
    views = [Image.new("RGB", (16, 16), colour) for colour in ("white", "black")]
    loaded = load_image(encoded(views[0], "MPO", save_all=True, append_images=views[1:]))
    np.testing.assert_allclose(loaded.x_0, 1, atol=0.02)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(load_image(content).x_0[0, 0], [1, -1, -1])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_every_exif_orientation_comes_out_upright(orientation, kind):
    # White marks the top left quarter of the upright picture; the others tell the corners apart.
    upright = np.zeros((16, 32), np.uint8)
    upright[:8, :16], upright[:8, 16:], upright[8:, :16] = 255, 170, 85
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: upright.T[::-1],
        7: upright.T[::-1, ::-1],
        8: upright.T[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    loaded = load_image(encoded(image, kind, exif=exif))
    assert loaded.original_size == (32, 16)
    np.testing.assert_allclose(loaded.x_0[..., 0], exactly(upright), atol=0.05)


def test_a_large_picture_is_scaled_and_says_so(tmp_path):
    path = tmp_path / "painting.png"
    Image.new("RGB", (2165, 1703), (0, 128, 255)).save(path)
    loaded = load_image(path)
    assert loaded.x_0.shape == (805, 1024, 3)
    assert loaded.original_size == (2165, 1703)
    assert loaded.note == "scaled from 2165 × 1703 for display"


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_reduced_while_it_is_decoded_to_the_same_size(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.new("RGB", (3001, 1000), (10, 200, 90)), "JPEG", exif=exif)
    loaded = load_image(content, max_side=300)
    shape, note = (
        ((100, 300, 3), "scaled from 3001 × 1000")
        if orientation == 1
        else ((300, 100, 3), "scaled from 1000 × 3001")
    )
    assert loaded.x_0.shape == shape
    assert loaded.note == f"{note} for display"


def test_a_scaled_transparent_edge_does_not_bleed_its_hidden_colour():
    values = np.zeros((64, 64, 4), np.uint8)
    values[:, :32] = (255, 255, 255, 255)
    values[:, 32:] = (255, 0, 0, 0)  # red, but not seen
    loaded = load_image(encoded(Image.fromarray(values)), max_side=16)
    np.testing.assert_allclose(loaded.x_0, 1, atol=0.02)


def sentence(source, **options):
    with pytest.raises(ImageReadError) as caught:
        load_image(source, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("TIFF", "tif")]
)
def test_a_truncated_file_is_one_sentence(kind, suffix, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    path = tmp_path / f"photo.{suffix}"
    path.write_bytes(content[: len(content) // 2])
    text = sentence(path)
    assert text.startswith(f"photo.{suffix} could not be read: the file is ")
    assert text.removeprefix(f"photo.{suffix} could not be read: the file is ") in {
        "truncated.",
        "truncated or damaged.",
        "damaged.",
    }
    if kind in {"PNG", "JPEG"}:
        assert text.endswith("the file is truncated.")


def test_what_is_no_picture_is_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("dear diary")
    (tmp_path / "empty.png").touch()
    (tmp_path / "start.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    assert sentence(tmp_path / "notes.txt") == (
        "notes.txt could not be read: it is not a PNG, JPEG, WebP, GIF, BMP or TIFF picture."
    )
    assert sentence(tmp_path / "empty.png") == "empty.png could not be read: the file is empty."
    assert (
        sentence(tmp_path / "start.png") == "start.png could not be read: the file is truncated or damaged."
    )
    assert sentence(tmp_path / "gone.png") == "gone.png could not be read: there is no such file."
    assert sentence(tmp_path) == f"{tmp_path.name} could not be read: it is a folder."
    assert sentence(b"", name="Clipboard") == "Clipboard could not be read: the file is empty."
    assert sentence(b"nonsense").startswith("The picture could not be read: ")


def test_a_huge_picture_is_refused_from_its_header(tmp_path):
    # A header that promises 200 megapixels, with next to nothing behind it.
    path = tmp_path / "wall.bmp"
    Image.new("1", (8, 8)).save(path)
    content = bytearray(path.read_bytes())
    content[18:26] = (20_000).to_bytes(4, "little") + (10_000).to_bytes(4, "little")
    path.write_bytes(content)
    assert sentence(path) == (
        "wall.bmp could not be read: 20000 × 10000 is 200 megapixels, and 178 are the most that is opened."
    )


@given(st.binary(max_size=400), st.sampled_from(["PNG", "GIF", "BMP", "TIFF"]), st.integers(0, 300))
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_end_in_a_picture_or_in_a_sentence(junk, kind, start):
    content = bytearray(encoded(rgb(), kind))
    content[start : start + len(junk)] = junk
    outcome = ""
    try:
        finite = np.isfinite(load_image(bytes(content)).x_0).all()
    except ImageReadError as error:
        finite, outcome = True, str(error)
    assert finite
    assert outcome == "" or (outcome.startswith("The picture could not be read: ") and outcome[-1] == ".")


def test_arrays_of_each_kind_are_pictures_and_others_are_refused():
    assert from_array(np.zeros((4, 5), np.uint8)).shape == (4, 5, 1)
    assert from_array(np.full((4, 5, 3), 65535, np.uint16)).min() == 1
    assert from_array(np.full((4, 5, 3), 3.0)).max() == 1
    np.testing.assert_allclose(from_array(np.zeros((1, 1, 4), np.uint8))[0, 0], [1, 1, 1])
    with pytest.raises(ImageReadError, match="shape"):
        from_array(np.zeros((4, 5, 7), np.uint8))
    with pytest.raises(ImageReadError, match="int64"):
        from_array(np.zeros((4, 5), np.int64))


@pytest.mark.parametrize("how", ["crop", "pad", "resize"])
@pytest.mark.parametrize("size", [16, (12, 40), (24, 32), (100, 7)])
def test_fit_gives_exactly_the_wanted_size(how, size, small_picture):
    fitted = fit(small_picture, size, how)
    assert fitted.shape == ((size, size, 3) if isinstance(size, int) else (*size, 3))
    assert np.abs(fitted).max() <= 1


def test_fit_crops_the_middle_pads_with_grey_and_converts_channels():
    picture = np.full((10, 30, 3), -1, np.float32)
    picture[:, 10:20] = 1
    np.testing.assert_allclose(fit(picture, 10, "crop"), 1, atol=1e-6)
    padded = fit(picture, 30, "pad")
    np.testing.assert_array_equal(padded[:10], 0)
    np.testing.assert_array_equal(padded[10:20], picture)
    red = np.full((4, 4, 3), -1, np.float32)
    red[..., 0] = 1
    np.testing.assert_allclose(fit(red, 4, channels=1), 2 * 0.299 - 1, atol=1e-6)
    assert fit(red[..., :1], 4, channels=3).shape == (4, 4, 3)


def test_fit_leaves_a_picture_of_that_size_alone(small_picture):
    np.testing.assert_array_equal(fit(small_picture, (24, 32)), small_picture)


def test_a_grid_places_pictures_row_by_row_on_black():
    pictures = [np.full((2, 3, 1), value, np.uint8) for value in (1, 2, 3, 4, 5)]
    grid = image_grid(pictures, columns=2, gap=1)
    assert grid.shape == (8, 7, 1)
    assert grid[:, :, 0].tolist()[0] == [1, 1, 1, 0, 2, 2, 2]
    assert grid[:, :, 0].tolist()[7] == [5, 5, 5, 0, 0, 0, 0]
    assert image_grid(pictures, gap=0).shape == (4, 9, 1)


def test_every_sample_picture_is_there_with_its_licence():
    licences = Path(sample_picture("chelsea").path).with_name("LICENSES.md").read_text(encoding="utf-8")
    for sample in SAMPLES:
        loaded = load_image(sample.path)
        assert loaded.x_0.shape[2] == (1 if sample.key == "camera" else 3)
        assert f"| {sample.file_name} |" in licences
    assert len({sample.key for sample in SAMPLES}) == len(SAMPLES) == 8
    assert set(images.PICTURE_SUFFIXES) >= {sample.path.suffix for sample in SAMPLES}
