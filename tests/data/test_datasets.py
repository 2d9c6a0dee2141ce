import gzip
import hashlib
import os
import struct
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from diffviz import paths
from diffviz.data import datasets, image_folder
from diffviz.data.dataset_files import DatasetError, read_archive, read_idx
from diffviz.data.datasets import load_dataset
from diffviz.data.downloads import RemoteFile, download
from diffviz.data.image_folder import count_pictures, read_image_folder
from diffviz.data.toy2d import TOY_SETS, draw_points


def idx_bytes(array):
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def save_picture(path, value=100, size=(20, 30), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 20, 200)).save(path)


@pytest.fixture
def full_sets(tmp_path, monkeypatch):
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    images = np.arange(6 * 28 * 28, dtype=np.uint8).reshape(6, 28, 28)
    for stem, count in (("train", 6), ("t10k", 2)):
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images[:count])))
        labels = np.arange(count, dtype=np.uint8)
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(labels)))
    monkeypatch.setenv("DIFFVIZ_DATA_DIR", str(tmp_path))
    return images


def test_a_full_set_in_the_named_folder_comes_before_the_shipped_part(full_sets):
    train, test = load_dataset("fashion-mnist"), load_dataset("fashion-mnist", split="test")
    assert np.array_equal(train.images[..., 0], full_sets)
    assert train.labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert (len(train), len(test)) == (6, 2)
    assert not train.notes


def test_the_shipped_part_of_fashion_mnist_is_balanced_and_says_that_it_is_a_part():
    dataset = load_dataset("fashion-mnist")
    assert dataset.images.shape == (4000, 28, 28, 1)
    assert np.bincount(dataset.labels).tolist() == [400] * 10
    assert "4,000 of 60,000" in dataset.notes[0]


def test_no_drawing_of_a_held_out_codepoint_is_in_the_training_emoji():
    train, test = load_dataset("emoji"), load_dataset("emoji", split="test")
    assert len(train) + len(test) == 5071
    assert train.images.shape[1:] == (32, 32, 3)
    assert len(train.class_names) == 8
    assert 0.05 < len(test) / 5071 < 0.15


def test_a_set_that_is_not_here_says_how_to_get_it():
    with pytest.raises(DatasetError, match=r"MNIST is not on this computer.*--download.*DIFFVIZ_DATA_DIR"):
        load_dataset("mnist")
    with pytest.raises(DatasetError, match=r"no data set “cats”: name fashion-mnist, mnist, emoji"):
        load_dataset("cats")


def test_idx_files_read_with_and_without_compression(tmp_path):
    array = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    (tmp_path / "plain").write_bytes(idx_bytes(array))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(idx_bytes(array)))
    assert np.array_equal(read_idx(tmp_path / "plain"), array)
    assert np.array_equal(read_idx(tmp_path / "packed.gz"), array)
    assert read_idx(tmp_path / "plain").flags.writeable


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not an IDX file"),
        (b"\x89PNG1234", "not an IDX file"),
        (b"\0\0\x08\x03\0\0", "truncated"),
        (idx_bytes(np.zeros((3, 2), np.uint8))[:-1], "holds 5 values where its header promises"),
    ],
)
def test_a_damaged_idx_file_is_refused_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "odd"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=sentence):
        read_idx(path)


def test_a_truncated_gzip_file_is_refused(tmp_path):
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.zeros((300, 20), np.uint8)))[:-9])
    with pytest.raises(DatasetError, match=r"cut\.gz could not be read"):
        read_idx(path)


def test_an_archive_with_labels_outside_its_classes_is_refused(tmp_path):
    path = tmp_path / "odd.npz"
    images = np.zeros((2, 4, 4), np.uint8)
    np.savez(path, images=images, labels=[0, 2], class_names=["a", "b"])
    with pytest.raises(DatasetError, match="none of its 2 classes"):
        read_archive(path, "odd")
    path.write_bytes(b"no archive")
    with pytest.raises(DatasetError, match="not an archive of images"):
        read_archive(path, "odd")


def test_sub_folders_are_classes_and_mixed_sizes_become_one(tmp_path):
    save_picture(tmp_path / "cat" / "a.png", size=(20, 30))
    save_picture(tmp_path / "cat" / "b.jpg", size=(64, 40))
    save_picture(tmp_path / "dog" / "c.png", size=(8, 8), mode="L")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("not a picture")
    dataset = load_dataset(str(tmp_path), size=16)
    assert dataset.images.shape == (3, 16, 16, 3)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.labels.tolist() == [0, 0, 1]


def test_a_folder_of_grey_pictures_without_sub_folders_has_one_channel_and_no_classes(tmp_path):
    for index in range(10):
        save_picture(tmp_path / f"{index}.png", value=index, mode="L")
    dataset = load_dataset(str(tmp_path), size=8)
    assert dataset.images.shape == (10, 8, 8, 1)
    assert dataset.images[:, 0, 0, 0].tolist() == list(range(10))
    assert dataset.class_names == ()
    assert "learns 10 pictures by heart" in dataset.notes[0]


def test_broken_files_among_good_ones_are_left_out_and_noted(tmp_path):
    save_picture(tmp_path / "good.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "text.jpg").write_text("hello")
    dataset = load_dataset(str(tmp_path))
    assert len(dataset) == 1
    assert dataset.notes[0].startswith("2 files were left out, the first because: broken.png")


def test_folders_that_cannot_be_trained_on_are_refused_in_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match="no picture in"):
        load_dataset(str(tmp_path))
    (tmp_path / "broken.png").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"None of the 1 pictures.*broken\.png"):
        load_dataset(str(tmp_path))
    monkeypatch.setattr(image_folder, "MAX_BYTES", 1000)
    with pytest.raises(DatasetError, match="holds more than 0 pictures"):
        load_dataset(str(tmp_path))


@pytest.mark.parametrize("sub_folder", ["", "cat"])
def test_of_a_folder_that_is_too_large_few_names_and_no_pictures_are_read(tmp_path, monkeypatch, sub_folder):
    folder = tmp_path / sub_folder
    folder.mkdir(exist_ok=True)
    for index in range(600):
        (folder / f"{index}.png").touch()
    seen = []
    scan = os.scandir

    @contextmanager
    def counted(path):
        with scan(path) as entries:
            yield (seen.append(entry.name) or entry for entry in entries)

    monkeypatch.setattr(image_folder.os, "scandir", counted)
    monkeypatch.setattr(image_folder, "load_image", pytest.fail)
    monkeypatch.setattr(image_folder, "MAX_BYTES", 100 * 16 * 16 * 3)
    with pytest.raises(DatasetError, match="more than 100 pictures, and no more fit at 16 pixels"):
        load_dataset(str(tmp_path), size=16)
    pictures_seen = len(seen) - (1 if sub_folder else 600)
    assert pictures_seen == 101


def test_reading_a_folder_tells_how_far_it_is_and_can_be_ended(tmp_path):
    for index in range(4):
        save_picture(tmp_path / f"{index}.png", value=index)
    (tmp_path / "1.png").write_bytes(b"")
    told = []
    dataset = load_dataset(str(tmp_path), tell=lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(dataset) == 3

    def end(*_):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        load_dataset(str(tmp_path), tell=end)


def test_a_look_at_a_large_folder_reads_an_even_choice_of_all_its_classes(tmp_path):
    for name, value in (("a", 0), ("b", 200)):
        (tmp_path / name).mkdir()
        for index in range(30):
            save_picture(tmp_path / name / f"{index:02}.png", value=value + index)
    assert count_pictures(tmp_path) == 60
    dataset = read_image_folder(tmp_path, 8, at_most=6)
    assert dataset.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.class_names == ("a", "b")
    assert dataset.images[:, 0, 0, 0].tolist() == [0, 10, 20, 200, 210, 220]


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_download_reports_progress_and_is_not_repeated(server, tmp_path):
    folder, url = server
    content = bytes(range(256)) * 1000
    (folder / "data.bin").write_bytes(content)
    file = RemoteFile("data.bin", hashlib.sha256(content).hexdigest())
    target = tmp_path / "here"
    steps = list(download(url, (file,), target))
    assert steps[-1].bytes_read == steps[-1].total_bytes == len(content)
    assert (target / "data.bin").read_bytes() == content
    assert list(download(url, (file,), target)) == []


def test_a_wrong_checksum_or_an_abandoned_download_leaves_nothing(server, tmp_path):
    folder, url = server
    (folder / "data.bin").write_bytes(bytes(500_000))
    file = RemoteFile("data.bin", "0" * 64)
    target = tmp_path / "here"
    with pytest.raises(DatasetError, match="wrong checksum"):
        list(download(url, (file,), target))
    abandoned = download(url, (file,), target)
    next(abandoned)
    abandoned.close()
    assert list(target.iterdir()) == []


def test_a_server_that_cannot_be_reached_is_one_sentence(server, tmp_path):
    _, url = server
    with pytest.raises(DatasetError, match=r"missing\.bin could not be fetched .*is this computer online\?"):
        list(download(url, (RemoteFile("missing.bin", ""),), tmp_path))


def test_sets_are_fetched_into_the_users_folder_and_found_there(server, monkeypatch):
    folder, url = server
    files = []
    for name, array in (
        ("train-images-idx3-ubyte.gz", np.zeros((3, 28, 28), np.uint8)),
        ("train-labels-idx1-ubyte.gz", np.zeros(3, np.uint8)),
    ):
        content = gzip.compress(idx_bytes(array))
        (folder / name).write_bytes(content)
        files.append(RemoteFile(name, hashlib.sha256(content).hexdigest()))
    source = datasets.DatasetSource("mnist", "MNIST", "", tuple("0123456789"), url, tuple(files))
    monkeypatch.setitem(datasets.SOURCES, "mnist", source)
    assert [step.name for step in datasets.fetch_dataset("mnist")] == [file.name for file in files]
    assert (paths.user_data_dir() / "datasets" / "mnist" / files[0].name).is_file()
    assert len(load_dataset("mnist")) == 3
    with pytest.raises(DatasetError, match="cannot be fetched"):
        list(datasets.fetch_dataset("emoji"))


@pytest.mark.parametrize("name", [name for name in TOY_SETS if name != "one-point"])
def test_sets_of_points_are_centred_and_of_unit_size(name: str):
    points = draw_points(name, 4000, seed=1)
    assert points.dtype == np.float32
    assert np.abs(points.mean(axis=0)).max() < 1e-5
    assert np.square(points).sum(axis=1).mean() / 2 == pytest.approx(1, abs=1e-5)
    assert np.array_equal(points, draw_points(name, 4000, seed=1))
    if name != "two-points":
        assert not np.array_equal(points, draw_points(name, 4000, seed=2))
    assert np.abs(points).max() < (5.0 if name == "gaussian" else 3.0)


def test_points_have_the_shape_that_their_name_says():
    two = np.unique(draw_points("two-points", 10), axis=0)
    assert np.allclose(two, [[-np.sqrt(2), 0], [np.sqrt(2), 0]])
    assert not draw_points("one-point", 3).any()
    line = draw_points("segment", 500)
    assert np.linalg.svd(line, compute_uv=False)[1] < 1e-4
    board = draw_points("checkerboard", 4000)
    side = np.ptp(board[:, 0]) / 4
    fields = np.floor((board - board.min(axis=0)) / side).astype(int).clip(0, 3)
    assert len(np.unique(fields, axis=0)) < 13  # 8 fields, and a few that rounding at the edges touches
    ring = draw_points("ring", 800)
    assert np.abs(np.hypot(*ring.T) - np.sqrt(2)).max() < 0.6


def test_one_point_and_a_single_draw_stay_finite():
    assert all(np.isfinite(draw_points(name, 1)).all() for name in TOY_SETS)
