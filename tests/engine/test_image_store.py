"""The pictures at hand, by key."""

import numpy as np
import pytest
from PIL import Image

from diffviz.data.images import ImageReadError, fit
from diffviz.data.samples import SAMPLES
from diffviz.engine.images import ImageStore


@pytest.fixture
def store():
    return ImageStore()


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    rows = np.arange(40 * 60 * 3, dtype=np.uint32).reshape(40, 60, 3) % 251
    Image.fromarray(rows.astype(np.uint8)).save(path)
    return path


def test_the_gallery_starts_with_the_samples_and_reads_none_of_them(store):
    assert store.keys[0] == "sample:chelsea"
    assert len(store.keys) == len(SAMPLES)
    assert store.opened_keys == ()
    assert not any(store.is_loaded(key) for key in store.keys)


def test_a_sample_is_read_when_it_is_first_asked_for(store):
    loaded = store.load("sample:chelsea")
    assert loaded.x_0.shape == (300, 451, 3)
    assert loaded.x_0.dtype == np.float32
    assert store.is_loaded("sample:chelsea")
    assert store.load("sample:chelsea") is loaded


def test_an_opened_file_is_called_by_its_absolute_path(qtbot, store, photo, monkeypatch):
    monkeypatch.chdir(photo.parent)
    with qtbot.waitSignal(store.changed):
        key = store.add_file("photo.png")
    assert key == f"file:{photo}"
    assert store.opened_keys == (key,)
    assert store.entry(key).title == "photo.png"
    assert not store.entry(key).is_sample
    assert store.x_0(key).shape == (40, 60, 3)


def test_a_file_that_cannot_be_read_is_not_added(store, tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("not a picture")
    keys = store.keys
    with pytest.raises(ImageReadError, match=r"notes\.png"):
        store.add_file(path)
    assert store.keys == keys


def test_opening_a_file_again_reads_it_anew(store, photo):
    key = store.add_file(photo)
    before = store.picture_set(8, keys=[key]).images.copy()
    thumbnail = store.thumbnail(key, 16)
    Image.new("RGB", (60, 40), (255, 255, 255)).save(photo)
    assert store.add_file(photo) == key
    assert store.keys.count(key) == 1
    assert (store.picture_set(8, keys=[key]).images == 1.0).all()
    assert not np.array_equal(before, store.picture_set(8, keys=[key]).images)
    assert not np.array_equal(thumbnail, store.thumbnail(key, 16))


def test_pasted_pictures_are_numbered(store):
    array = np.zeros((4, 6, 3), np.uint8)
    assert [store.add_paste(array), store.add_paste(array)] == ["paste:1", "paste:2"]
    assert (store.x_0("paste:1") == -1.0).all()
    assert store.entry("paste:2").detail == "6 × 4"


def test_an_array_that_is_no_picture_is_refused(store):
    with pytest.raises(ImageReadError):
        store.add_paste(np.zeros((4, 4, 7), np.uint8))
    assert store.add_paste(np.zeros((4, 4), np.uint8)) == "paste:1"


def test_an_unknown_key_is_an_error_and_not_another_picture(store):
    for ask in (store.load, store.entry, lambda key: store.thumbnail(key, 16)):
        with pytest.raises(KeyError):
            ask("paste:1")
    assert "paste:1" not in store


def test_a_thumbnail_shows_the_whole_picture(store, photo):
    key = store.add_file(photo)
    thumbnail = store.thumbnail(key, 30)
    assert thumbnail.shape == (20, 30, 3)
    assert thumbnail.dtype == np.uint8
    assert store.thumbnail(key, 30) is thumbnail


def test_a_thumbnail_does_not_need_the_whole_picture_in_memory(store):
    assert max(store.thumbnail("sample:chelsea", 64).shape[:2]) == 64
    assert not store.is_loaded("sample:chelsea")


def test_the_picture_set_holds_the_middle_squares_in_order(store, photo):
    key = store.add_file(photo)
    pictures = store.picture_set(16, keys=[key, "sample:camera"])
    assert pictures.keys == (key, "sample:camera")
    assert pictures.images.shape == (2, 16, 16, 3)
    assert pictures.images.dtype == np.float32
    assert np.abs(pictures.images).max() <= 1.0
    assert np.array_equal(pictures.images[0], fit(store.x_0(key), 16, "crop", 3))
    grey = pictures.images[1]
    assert np.array_equal(grey[..., 0], grey[..., 2])


def test_the_picture_set_is_everything_at_hand_unless_asked_otherwise(store, photo):
    key = store.add_file(photo)
    pictures = store.picture_set(8, channels=1)
    assert pictures.keys == store.keys
    assert pictures.keys[-1] == key
    assert pictures.images.shape == (len(SAMPLES) + 1, 8, 8, 1)


def test_pictures_that_can_be_read_again_make_room_for_new_ones(photo):
    store = ImageStore(cache_bytes=40 * 60 * 3 * 4)
    pasted = store.add_paste(np.zeros((40, 60, 3), np.uint8))
    opened = store.add_file(photo)
    other = store.add_paste(np.zeros((40, 60, 3), np.uint8))
    assert [store.is_loaded(key) for key in (pasted, opened, other)] == [True, False, True]
    assert store.x_0(opened).shape == (40, 60, 3)
