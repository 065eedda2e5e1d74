"""Fashion-MNIST: where to find a copy, and proof that it is the right one.

The files are the data set's own (four gzipped IDX files), and the embedded sample
has the same names and format, so that one reader serves every source. Checksums
are of the *uncompressed* content: Debian's package and Zalando's download differ
in their gzip headers and hold the same images.
"""

import gzip
import hashlib
import os
import socket
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vaelab import profiles
from vaelab.pixels import check_pixels

CLASS_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}

# SHA-256 of the uncompressed IDX files.
FULL = {
    "x_train": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "y_train": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "x_test": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "y_test": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
SAMPLE = {
    "x_train": "fad83ecf18fda127c001f69c634175b16182487272c2bb727609dfbf357b37f7",
    "y_train": "c19959627c0ea645145e3263bce6c49ed0dbedc4fff7e35bd79b14f08020f574",
    "x_test": "7766a743b2ba362a9e4b3238a4ece55164bfbd9b9fba1271b5358540080b9de7",
    "y_test": "849f0d6dfcdb898f07850c654112a31d85eca34661e5da8dc5731fddd88855eb",
}

SAMPLE_FOLDER = Path(__file__).parent / "assets" / "sample"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
VARIABLE = "VAELAB_DATA"
#: Where Keras writes if it cannot write below the home directory.
TEMPORARY = "/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()
#: How a gzip file begins.
GZIP = b"\x1f\x8b"

ADVICE = (
    f"Set {VARIABLE} to a folder with the four Fashion-MNIST files ({', '.join(FILES.values())}), "
    "or on Debian and Ubuntu install the package dataset-fashion-mnist, or connect to the network once."
)


# What read_ahead has read and nobody has been given yet.
_ahead: list[dict[str, np.ndarray]] = []


class DataError(RuntimeError):
    """A copy of the data is missing or damaged; the message says which and what to do."""


@dataclass(frozen=True)
class FashionMNIST:
    """Fashion-MNIST as the notebooks use it.

    Attributes
    ----------
    x_train, x_test : numpy.ndarray
        Images, float32 in [0, 1], shape ``(N, 28, 28)``.
    y_train, y_test : numpy.ndarray
        Classes, uint8, shape ``(N,)``; names in ``CLASS_NAMES``.
    source : str
        One sentence that says which copy this is.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    source: str


def load(profile: profiles.Profile | None = None) -> FashionMNIST:
    """Load the images that the profile asks for.

    The embedded sample (10,000 + 2,000 images) unless the profile wants the full set.
    That one comes from the first of: the folder in ``VAELAB_DATA``, the Keras cache,
    Debian's ``dataset-fashion-mnist``, a download through Keras. With none of them,
    the sample is used and ``source`` says so.

    Parameters
    ----------
    profile : vaelab.profiles.Profile, optional
        By default the current one.

    Returns
    -------
    FashionMNIST

    Raises
    ------
    DataError
        If the folder that ``VAELAB_DATA`` names, or the embedded sample, is missing
        or damaged.
    """
    profile = profile or profiles.current()
    if not profile.full_data:
        return _sample("The embedded sample of Fashion-MNIST")
    problems = []
    for folder, description in _copies():
        if not folder.is_dir():
            if description == VARIABLE:
                raise DataError(f"{VARIABLE} names {str(folder)!r}, which is not a folder. {ADVICE}")
            continue
        try:
            return FashionMNIST(
                **_read(folder, FULL), source=f"The full Fashion-MNIST from {description}: 60,000 + 10,000 images."
            )
        except DataError as error:
            if description == VARIABLE:
                raise DataError(f"{error} {ADVICE}") from None
            problems.append(str(error))
    try:
        return FashionMNIST(
            **_download(), source="The full Fashion-MNIST, just downloaded by Keras: 60,000 + 10,000 images."
        )
    except DataError as error:
        problems.append(str(error))
    return _sample(f"The full set was asked for and not found ({' '.join(problems)}) {ADVICE} Meanwhile, the sample")


def read_ahead(copies: int) -> None:
    """Read the sample now, as often as `load` will be asked for it, for a process that is about to be forked.

    Each call of `load` gets arrays of its own, as always.
    """
    _ahead.extend(_read(SAMPLE_FOLDER, SAMPLE) for _ in range(copies))


def check_images(x: object, name: str = "x") -> None:
    """Check that an array holds images as the models expect them.

    Parameters
    ----------
    x : numpy.ndarray
        Should be floating point in [0, 1], one image a row.
    name : str
        What to call the array in a message.

    Raises
    ------
    TypeError
        For anything but an array of float32 (or float16) numbers.
    ValueError
        For an empty array, a single image, NaN or infinite values, or values outside [0, 1].
    """
    if not isinstance(x, np.ndarray):
        raise TypeError(f"{name} is a {type(x).__name__}; expected a NumPy array of images.")
    if x.dtype == np.uint8:
        raise TypeError(
            f"{name} holds uint8 pixels from 0 to 255; expected float32 in [0, 1]. "
            f'Convert first: {name}.astype("float32") / 255.'
        )
    if x.dtype == np.float64:
        raise TypeError(
            f"{name} is float64; the models compute in float32, at half the memory. "
            f'Convert first: {name}.astype("float32").'
        )
    if not np.issubdtype(x.dtype, np.floating):
        raise TypeError(f"{name} has dtype {x.dtype}; expected float32 in [0, 1].")
    if x.ndim < 2 or len(x) == 0:
        raise ValueError(
            f"{name} has shape {x.shape}; expected a batch of images with the image index first, "
            "such as (N, 784), (N, 28, 28) or (N, 28, 28, 1) with N at least 1."
        )
    check_pixels(x, name)


def _sample(prefix: str) -> FashionMNIST:
    try:
        arrays = _ahead.pop() if _ahead else _read(SAMPLE_FOLDER, SAMPLE)
    except DataError as error:
        raise DataError(
            f"{error} This is the sample that comes with vaelab: reinstall the package or clone it again."
        ) from None
    return FashionMNIST(**arrays, source=f"{prefix}: 10,000 training + 2,000 test images, all ten classes alike.")


def _copies() -> Iterator[tuple[Path, str]]:
    """Folders where the full set may be, best first, each with a description."""
    if named := os.environ.get(VARIABLE):
        yield Path(os.path.expanduser(named)), VARIABLE
    for folder in _keras_caches():
        yield folder, "the Keras cache"
    yield DEBIAN_FOLDER, "Debian's package dataset-fashion-mnist"


def _keras_caches() -> list[Path]:
    """Where Keras keeps the data set: below the home directory or, where it cannot write there, a temporary one."""
    # os.path.expanduser, unlike pathlib's, bears a user without a home directory.
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    bases = [home, os.path.join(TEMPORARY, ".keras"), os.path.join(tempfile.gettempdir(), ".keras")]
    return [Path(base, "datasets", "fashion-mnist") for base in dict.fromkeys(bases)]


def _read(folder: Path, checksums: dict[str, str]) -> dict[str, np.ndarray]:
    """Read the four files of a folder and check them; images come as float32 in [0, 1]."""
    arrays = {}
    for key, filename in FILES.items():
        path, content = _uncompressed(folder, filename)
        digest = hashlib.sha256(content).hexdigest()
        if digest != checksums[key]:
            raise DataError(
                f"{path} is not the file it should be: its content has SHA-256 {digest[:12]}…, "
                f"expected {checksums[key][:12]}…. Delete it and fetch it again."
            )
        arrays[key] = parse_idx(content)
    for key in ("x_train", "x_test"):
        arrays[key] = np.divide(arrays[key], np.float32(255), dtype=np.float32)
    return arrays


def _uncompressed(folder: Path, filename: str) -> tuple[Path, bytes]:
    """The file as it is called in the data set, or as browsers and archive programs leave it: unpacked."""
    unpacked = filename.removesuffix(".gz")
    for name in (filename, unpacked, unpacked.replace("-idx", ".idx")):
        path = folder / name
        try:
            content = path.read_bytes()
            return path, gzip.decompress(content) if content.startswith(GZIP) else content
        except FileNotFoundError:
            continue
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} cannot be read ({error}): it is damaged. Delete it and fetch it again.") from None
    raise DataError(f"{folder / filename} is missing, and so is {unpacked}, which it holds.")


def parse_idx(content: bytes) -> np.ndarray:
    """The array in an IDX file of unsigned bytes: two zero bytes, type 8, rank, sizes, values."""
    rank = content[3]
    shape = struct.unpack(f">{rank}I", content[4 : 4 + 4 * rank])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def _download() -> dict[str, np.ndarray]:
    """Let Keras download the set into its cache, then read and check it there."""
    import keras

    try:
        with _short_timeout(seconds=20):
            keras.datasets.fashion_mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception for a failed download
        raise DataError(f"No copy on this machine, and the download failed: {_first_line(error)}.") from None
    caches = _keras_caches()
    return _read(next((folder for folder in caches if folder.is_dir()), caches[0]), FULL)


@contextmanager
def _short_timeout(seconds: float) -> Iterator[None]:
    """Without a network a student should learn so in seconds, not minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
