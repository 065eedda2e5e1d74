"""The images: which copy is taken, and what happens when it is missing or damaged."""

import gzip
import shutil

import numpy as np
import pytest

from vaelab import data, profiles

QUICK, FULL = profiles.PROFILES["quick"], profiles.PROFILES["full"]


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine without any full copy and without a network."""
    import keras

    def fail():
        raise Exception("URL fetch failure: no network")

    monkeypatch.delenv(data.VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(data, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(data, "TEMPORARY", str(tmp_path / "temporary"))
    monkeypatch.setattr(data.tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", fail)
    return tmp_path


@pytest.fixture
def tiny_full(monkeypatch):
    """Let the embedded sample stand in for the full set, so that copies of it are quick to make."""
    monkeypatch.setattr(data, "FULL", data.SAMPLE)


def copy_of_sample(folder):
    folder.mkdir(parents=True)
    for name in data.FILES.values():
        shutil.copy(data.SAMPLE_FOLDER / name, folder)
    return folder


def test_the_sample_is_stratified_and_scaled():
    images = data.load(QUICK)
    assert images.x_train.shape == (10_000, 28, 28) and images.x_test.shape == (2_000, 28, 28)
    assert images.x_train.dtype == np.float32
    assert images.x_train.min() == 0 and images.x_train.max() == 1
    assert np.bincount(images.y_train).tolist() == [1000] * 10
    assert np.bincount(images.y_test).tolist() == [200] * 10
    assert "sample" in images.source


def test_what_was_read_ahead_is_given_once_and_to_one_caller(monkeypatch):
    data.read_ahead(copies=2)
    with monkeypatch.context() as patch:
        patch.setattr(data, "_read", None)  # no file is read
        first, second = data.load(), data.load()
    first.x_train[:] = 0
    for later in (second, data.load()):
        assert later.x_train.shape == (10_000, 28, 28) and later.x_train.any()


@pytest.mark.full_data
def test_debians_package_is_found_by_the_full_profile(monkeypatch, tmp_path):
    monkeypatch.delenv(data.VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    images = data.load(FULL)
    assert len(images.x_train) == 60_000 and len(images.x_test) == 10_000
    assert "Debian" in images.source


@pytest.mark.full_data
def test_every_sample_image_is_in_the_full_set():
    full, sample = data.load(FULL), data.load(QUICK)
    for part in ("train", "test"):
        known = {image.tobytes() for image in getattr(full, f"x_{part}")}
        assert all(image.tobytes() in known for image in getattr(sample, f"x_{part}"))


def test_the_folder_in_the_variable_comes_before_the_keras_cache(nowhere, tiny_full, monkeypatch):
    copy_of_sample(nowhere / "keras" / "datasets" / "fashion-mnist")
    assert "the Keras cache" in data.load(FULL).source
    monkeypatch.setenv(data.VARIABLE, str(copy_of_sample(nowhere / "mine")))
    assert data.VARIABLE in data.load(FULL).source


def test_recompressed_files_are_accepted(nowhere, tiny_full, monkeypatch):
    folder = copy_of_sample(nowhere / "mine")
    path = folder / data.FILES["y_test"]
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))
    monkeypatch.setenv(data.VARIABLE, str(folder))
    assert len(data.load(FULL).y_test) == 2_000


@pytest.mark.parametrize("separator", ["-", "."])
def test_unpacked_files_are_accepted(separator, nowhere, tiny_full, monkeypatch):
    folder = copy_of_sample(nowhere / "mine")
    for name in data.FILES.values():
        packed = folder / name
        unpacked = packed.name.removesuffix(".gz").replace("-idx", f"{separator}idx")
        packed.with_name(unpacked).write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    monkeypatch.setenv(data.VARIABLE, str(folder))
    assert data.VARIABLE in data.load(FULL).source


def test_a_file_that_lost_its_packing_but_not_its_name_is_accepted(nowhere, tiny_full, monkeypatch):
    folder = copy_of_sample(nowhere / "mine")
    path = folder / data.FILES["x_train"]
    path.write_bytes(gzip.decompress(path.read_bytes()))
    monkeypatch.setenv(data.VARIABLE, str(folder))
    assert data.VARIABLE in data.load(FULL).source


def test_where_the_home_directory_cannot_be_written_keras_downloads_to_another_and_it_is_used(
    nowhere, tiny_full, monkeypatch
):
    import keras

    fallback = nowhere / "temporary" / ".keras" / "datasets" / "fashion-mnist"
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: copy_of_sample(fallback))
    assert "just downloaded" in data.load(FULL).source
    assert "the Keras cache" in data.load(FULL).source  # the next time


def test_a_user_without_a_home_directory_gets_the_sample(nowhere, monkeypatch):
    def unknown(path):
        return path

    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(data.os.path, "expanduser", unknown)
    monkeypatch.setattr(data.Path, "home", lambda: pytest.fail("there is none"))
    assert len(data.load(FULL).x_train) == 10_000


def test_a_missing_file_of_a_named_folder_comes_with_advice(nowhere, monkeypatch):
    (nowhere / "empty").mkdir()
    monkeypatch.setenv(data.VARIABLE, str(nowhere / "empty"))
    with pytest.raises(data.DataError, match="is missing.*dataset-fashion-mnist"):
        data.load(FULL)


def test_without_a_copy_or_network_the_sample_is_used_and_says_so(nowhere):
    images = data.load(FULL)
    assert len(images.x_train) == 10_000
    assert "no network" in images.source and data.VARIABLE in images.source


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:100]),
        lambda path: path.write_bytes(b"<html>404</html>"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(gzip.compress(b"something else")),
    ],
    ids=["missing", "truncated", "not gzip", "empty", "other content"],
)
def test_a_damaged_file_is_named_with_what_to_do(damage, nowhere, tiny_full, monkeypatch):
    folder = copy_of_sample(nowhere / "mine")
    path = folder / data.FILES["x_test"]
    damage(path)
    monkeypatch.setenv(data.VARIABLE, str(folder))
    with pytest.raises(data.DataError, match=path.name):
        data.load(FULL)


def test_a_damaged_cache_is_passed_over_and_mentioned(nowhere, tiny_full):
    folder = copy_of_sample(nowhere / "keras" / "datasets" / "fashion-mnist")
    (folder / data.FILES["y_train"]).write_bytes(b"oops")
    images = data.load(FULL)
    assert (
        "embedded" not in images.source and "sample" in images.source and "not the file it should be" in images.source
    )


def test_a_folder_that_does_not_exist_is_an_error(nowhere, monkeypatch):
    monkeypatch.setenv(data.VARIABLE, str(nowhere / "typo"))
    with pytest.raises(data.DataError, match="not a folder"):
        data.load(FULL)


GOOD = np.full((2, 28, 28), 0.5, "float32")


@pytest.mark.parametrize(
    "x, error, words",
    [
        (np.full((2, 28, 28), 200, np.uint8), TypeError, "/ 255"),
        (GOOD.astype("float64"), TypeError, "float32"),
        (GOOD.astype(int), TypeError, "int"),
        (GOOD.tolist(), TypeError, "list"),
        (np.where(np.arange(28) == 3, np.nan, GOOD).astype("float32"), ValueError, "56 NaN"),
        (GOOD * 255, ValueError, "Divide"),
        (GOOD - 1, ValueError, "standardise"),
        (GOOD[:0], ValueError, "shape"),
        (GOOD[0, 0], ValueError, "shape"),
    ],
)
def test_unusable_images_are_refused_with_the_remedy(x, error, words):
    with pytest.raises(error, match=words):
        data.check_images(x)


def test_good_images_pass():
    data.check_images(GOOD)
    data.check_images(GOOD.reshape(2, -1))


def test_profiles_follow_the_variable_and_the_grader(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv(profiles.VARIABLE, raising=False)
    assert profiles.current() is QUICK
    monkeypatch.setenv(profiles.VARIABLE, "Full ")
    assert profiles.current() is FULL
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert profiles.current().name == "grading" and not profiles.current().trains


def test_a_wrong_profile_name_lists_the_right_ones(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setenv(profiles.VARIABLE, "fast")
    with pytest.raises(ValueError, match="quick, full, grading"):
        profiles.current()
