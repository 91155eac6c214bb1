"""What strangers bring: a right picture or one clear sentence, soon, in little memory, and never a traceback."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.server import decoder, faces, uploads
from app.server.uploads import Picture, take_in
from bench.rig import uploads as rig
from bench.rig.uploads import QUARTERS, TWELVE, saved, scene
from engine.errors import BadPicture
from engine.picture_files import FORMATS

ROOT = Path(__file__).parent.parent


def refusal(data: bytes, name: str = "a.png") -> str:
    with pytest.raises(BadPicture) as caught:
        take_in(data, name)
    return str(caught.value)


def bring(what: str) -> Picture:
    name, make = TWELVE[what]
    return take_in(make(), name)


def quarters(picture: Picture) -> NDArray[np.float64]:
    """Return the mean colour of the middle of each quarter."""
    height, width, _ = picture.pixels.shape
    middles = [(y * height // 4, x * width // 4) for y in (1, 3) for x in (1, 3)]
    return np.array([picture.pixels[y - 5 : y + 5, x - 5 : x + 5].mean((0, 1)) for y, x in middles])


# The twelve


def test_a_phone_s_picture_comes_small_and_upright() -> None:
    picture = bring("24 MP phone JPEG with EXIF rotation")
    assert picture.pixels.shape == (1024, 683, 3)
    assert abs(quarters(picture) - QUARTERS).max() < 6
    assert picture.notes == ("turned upright by its EXIF mark", "made smaller, from 4000 × 6000")


def test_what_is_transparent_lies_on_white() -> None:
    picture = bring("RGBA PNG")
    assert abs(quarters(picture) - [*QUARTERS[:3], (255, 255, 255)]).max() < 6
    assert picture.notes == ("transparency laid on white",)


def test_sixteen_bits_keep_their_greys() -> None:
    picture = bring("16-bit grey PNG")
    ramp = np.linspace(0, 255, 300)[None, :, None]
    assert abs(picture.pixels - ramp).max() <= 0.51
    assert picture.notes == ("16 bits a channel reduced to 8",)


def test_cmyk_keeps_its_colours() -> None:
    picture = bring("CMYK JPEG")
    assert abs(quarters(picture) - QUARTERS).max() < 10
    assert picture.notes == ("CMYK converted to RGB",)


def test_of_an_animation_the_first_frame_counts() -> None:
    picture = bring("animated GIF")
    assert picture.pixels.shape == (90, 120, 3)
    assert abs(quarters(picture) - QUARTERS).max() < 25  # of 256 colours
    assert picture.notes == ("first of 12 frames",)


def test_one_pixel_is_a_picture() -> None:
    picture = bring("1×1")
    assert picture.pixels.shape == (1, 1, 3)
    assert picture.notes == ("very small: 1 × 1",)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("20,000×20,000 header", ["“poster.png”", "20,000 × 20,000 pixels", "up to 50", "Make it smaller"]),
        ("truncated JPEG", ["“half.jpg”", "JPEG", "not all there", "again"]),
        ("SVG", ["“drawing.svg”", "SVG drawing", "JPEG, PNG, WebP, GIF, BMP, TIFF", "export"]),
        ("HEIC", ["“IMG_0013.HEIC”", "HEIC", "JPEG, PNG, WebP, GIF, BMP, TIFF", "Most Compatible"]),
        ("text renamed .png", ["“notes.png”", "text", "JPEG, PNG, WebP, GIF, BMP, TIFF", "Choose a picture"]),
        ("empty", ["“nothing.jpg”", "empty", "Choose"]),
    ],
)
def test_what_is_no_picture_gets_a_sentence(what: str, words: list[str]) -> None:
    name, make = TWELVE[what]
    sentence = refusal(make(), name)
    assert [word for word in words if word not in sentence] == []
    assert "\n" not in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("what", TWELVE)
def test_none_of_the_twelve_takes_long(what: str) -> None:
    name, make = TWELVE[what]
    data, began = make(), time.process_time() + children()
    with contextlib.suppress(BadPicture):
        take_in(data, name)
    assert time.process_time() + children() - began < 2


def children() -> float:
    """Return the processor seconds of the processes that have ended: on a busy machine the clock says little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# Other ways of writing a picture


def test_half_clear_pixels_mix_with_white_also_where_the_picture_is_reduced() -> None:
    picture = Image.new("RGBA", (3000, 30), (255, 0, 0, 128))
    picture.paste((0, 0, 255, 0), (0, 15, 3000, 30))  # clear, whatever its colour
    taken = take_in(saved(picture, "PNG"), "a.png").pixels
    assert abs(taken[1].astype(int) - (255, 127, 127)).max() <= 2
    assert taken[-2].min() >= 254
    assert taken[..., 2].max() <= 255
    assert (taken[..., 0] >= 254).all()  # no blue seeps out of what is clear


def test_a_palette_with_a_clear_colour_lies_on_white() -> None:
    picture = Image.new("P", (20, 20), 1)
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.paste(0, (0, 0, 10, 20))
    taken = take_in(saved(picture, "PNG", transparency=0), "a.png")
    assert taken.pixels[3, 3].tolist() == [255, 255, 255]
    assert taken.pixels[3, 15].tolist() == [10, 20, 30]
    assert taken.notes == ("transparency laid on white",)


def test_an_alpha_channel_without_anything_clear_is_not_worth_a_note() -> None:
    taken = take_in(saved(scene(40, 40).convert("RGBA"), "PNG"), "a.png")
    assert taken.notes == ()
    assert (taken.pixels == np.asarray(scene(40, 40))).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_mark_is_followed(orientation: int) -> None:
    undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    lying = scene(80, 60).transpose(undo.get(orientation, decoder.TURNS.get(orientation, Image.Transpose.ROTATE_180)))
    lying = lying if orientation != 1 else scene(80, 60)
    exif = Image.Exif()
    exif[0x0112] = orientation
    taken = take_in(saved(lying, "PNG", exif=exif), "a.png")
    assert (taken.pixels == np.asarray(scene(80, 60))).all()
    assert len(taken.notes) == (orientation != 1)


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "HEIF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_accepted_kind_is_taken_whatever_its_name(form: str, mode: str) -> None:
    picture = scene(64, 48).convert(mode)
    taken = take_in(saved(picture, form), "thesis.docx").pixels.astype(int)
    assert abs(taken - np.asarray(picture.convert("RGB"))).mean() < (12 if mode == "RGB" else 6)


def test_a_file_s_own_colour_profile_is_followed() -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = (profile.index(tag, 128) for tag in (b"rXYZ", b"gXYZ"))
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"  # in this one, red means green
    renamed = bytes(profile).replace("sRGB".encode("utf-16-be"), "rGRB".encode("utf-16-be"))
    taken = take_in(saved(scene(40, 40), "PNG", icc_profile=renamed), "a.png")
    red, green, _ = taken.pixels[5, 5].tolist()
    assert (red < 80, green > 160) == (True, True)
    assert taken.notes == ("colours converted from the file's own profile",)


@pytest.mark.parametrize("profile", [b"no profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()])
def test_a_profile_that_does_not_fit_is_left_aside(profile: bytes) -> None:
    taken = take_in(saved(scene(40, 40), "PNG", icc_profile=profile), "a.png")
    assert taken.notes == ()
    assert (taken.pixels == np.asarray(scene(40, 40))).all()


def test_a_strip_keeps_a_pixel_of_its_short_side() -> None:
    assert take_in(saved(Image.new("RGB", (60_000, 1), "red"), "PNG"), "a.png").pixels.shape == (1, 1024, 3)
    assert take_in(saved(Image.new("RGB", (3, 9_000), "red"), "PNG"), "a.png").pixels.shape == (1024, 1, 3)


@pytest.mark.parametrize(
    ("width", "height"), [(1023, 700), (1024, 1024), (1025, 3), (2048, 2047), (2049, 1000), (5001, 3003)]
)
def test_no_side_is_longer_than_1024_and_the_picture_stays_in_place(width: int, height: int) -> None:
    picture = take_in(saved(scene(width, height), "PNG", compress_level=1), "a.png")
    tall, wide, _ = picture.pixels.shape
    scale = min(1, 1024 / max(width, height))
    assert (wide, tall) == (max(1, round(width * scale)), max(1, round(height * scale)))
    if tall > 40:
        assert abs(quarters(picture) - QUARTERS).max() < 6


# Limits


def test_a_large_file_is_refused_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert "up to 20 MB are accepted" in refusal(bytes(uploads.UPLOAD + 1))


@pytest.mark.parametrize("form", ["VP8X", "VP8L", "VP8 "])
def test_a_webp_s_size_is_read_before_any_memory_is_taken(form: str) -> None:
    options = {"VP8X": {"icc_profile": b"none"}, "VP8L": {"lossless": True}, "VP8 ": {}}[form]
    data = saved(scene(321, 123), "WEBP", **options)
    assert data[12:16] == form.encode()
    assert decoder._webp_size(data) == (321, 123)
    large = saved(Image.new("RGB", (5000, 4000)), "WEBP", method=0, **options)
    assert "5,000 × 4,000 pixels, 20 megapixels; up to 16" in refusal(large, "a.webp")


def test_a_jpeg_in_several_passes_may_be_half_as_large() -> None:
    large = saved(Image.new("L", (6000, 4100)), "JPEG", progressive=True)
    assert "up to 24 are accepted for a JPEG in several passes" in refusal(large, "a.jpg")


def test_memory_beyond_the_limit_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MEGABYTES", 64)
    picture = saved(Image.new("RGBA", (6000, 4000)), "PNG")
    assert refusal(picture, "a.png").endswith("needs more than 64 MB to open. Save it smaller and bring it again.")


def test_processor_time_beyond_the_limit_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "decoder.py"
    slow.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom app.server import decoder\n"
        "decoder.limit(1 << 30, 1)\nwhile True: pass"
    )
    monkeypatch.setattr(uploads, "DECODER", slow)
    assert "takes longer than" in refusal(saved(scene(4, 4), "PNG"))


def test_a_decoder_that_crashes_hangs_or_lies_harms_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bad = tmp_path / "decoder.py"
    monkeypatch.setattr(uploads, "DECODER", bad)
    lies = ["{}", '{"width": 2, "height": 2, "notes": []}', '{"width": -1, "height": 1}', '{"width": "x"}', "[]", "7"]
    for script in ["import os; os.abort()", "raise SystemExit(3)", *(f"print({lie!r}); print('abc')" for lie in lies)]:
        bad.write_text(script)
        assert "the decoder cannot open" in refusal(saved(scene(4, 4), "PNG")), script
    bad.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(uploads, "PATIENCE", 0.3)
    assert "takes longer than" in refusal(saved(scene(4, 4), "PNG"))


def test_many_at_once_take_turns_and_nobody_is_lost() -> None:
    files = [saved(scene(40 + number, 30), "PNG") for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(lambda data: take_in(data, "a.png"), files))
    assert [picture.pixels.shape[1] for picture in taken] == [40 + number for number in range(12)]


def test_whoever_waits_too_long_hears_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PATIENCE", 0.05)
    for _ in range(uploads.AT_ONCE):
        uploads._turn.acquire()
    try:
        assert "behind many others" in refusal(saved(scene(4, 4), "PNG"))
    finally:
        for _ in range(uploads.AT_ONCE):
            uploads._turn.release()


def test_the_decoding_process_loads_pillow_and_little_else() -> None:
    script = (
        "import sys; sys.argv = ['x']; import runpy; runpy.run_path(sys.stdin.read()); print(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], input=str(uploads.DECODER), capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "PIL" in loaded
    assert not loaded & {"torch", "numpy", "streamlit", "app"}
    assert {name for name in done.stdout.split() if name.startswith("engine")} == {"engine", "engine.picture_files"}


# Names and kinds


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a  b\n.png", "“a b .png”"),
        ("", "The file"),
        ("\x00\x1b", "The file"),
        ("x" * 99 + ".png", "“" + "x" * 30 + "…" + "x" * 13 + ".png”"),
    ],
)
def test_a_name_is_shown_short_and_in_letters(name: str, shown: str) -> None:
    assert refusal(b"", name).startswith(f"{shown} is empty")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\x18ftypisom\0\0\0\0mp42", "film"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04....", "archive"),
        (b"<!DOCTYPE html><p>", "web page"),
        ("é".encode() * 3000 + b"x", "text"),
        (("x" + "é" * 3000).encode(), "text"),
        (b"\x80\x81\x82\x83" * 9, "unknown"),
        (b"\0" * 100, "unknown"),
        (b"BMW is a car", "text"),
    ],
)
def test_a_kind_is_told_by_how_a_file_begins(data: bytes, kind: str) -> None:
    assert uploads.kind(data) == kind
    sentence = refusal(data, "a.png")
    assert uploads.ACCEPTED in sentence
    assert sentence.endswith(".")


# Damage


def decoded(data: bytes, form: str) -> str:
    """Decode in this process, with nothing but the program's own care; what it would answer."""
    try:
        picture, notes = decoder.decode(data, form, uploads.MEGAPIXELS[form])
    except decoder.Unreadable as refused:
        return str(refused)
    except Exception as error:
        return type(error).__name__
    assert picture.mode == "RGB"
    assert 1 <= max(picture.size) <= decoder.LONGEST
    assert all(isinstance(note, str) for note in notes)
    return "picture"


@pytest.mark.filterwarnings("ignore")
def test_400_damaged_pictures_give_pictures_or_sentences() -> None:
    answers = []
    for seed in range(400):
        data = rig.mutation(seed)
        form = uploads.kind(data)
        answers.append(decoded(data, form) if form in uploads.MEGAPIXELS else "foreign")
    assert answers.count("picture") > 50
    assert len(answers) - answers.count("picture") > 100


def test_30_damaged_pictures_take_the_whole_road() -> None:
    seen = set()
    for seed in range(30):
        try:
            take_in(rig.mutation(seed), "a.png")
            seen.add("picture")
        except BadPicture as refused:
            seen.add("crash" if "decoder cannot open" in str(refused) else "sentence")
    assert seen == {"picture", "sentence"}


def test_every_sound_file_is_a_picture_and_its_halves_are_not() -> None:
    for data in rig.sound():
        form = uploads.kind(data)
        assert decoded(data, form) == "picture"
        assert decoded(data[: len(data) * 45 // 100], form) != "picture" or b"\x21\xf9\x04" in data


def test_what_it_answers_is_one_line_and_the_pixels() -> None:
    command = [sys.executable, "-I", str(uploads.DECODER), "PNG", "50", "288", "8"]
    done = subprocess.run(command, input=saved(scene(5, 4), "PNG"), capture_output=True, check=True)
    line, _, pixels = done.stdout.partition(b"\n")
    assert json.loads(line) == {"width": 5, "height": 4, "notes": ["very small: 5 × 4"]}
    assert pixels == scene(5, 4).tobytes()
    assert done.stderr == b""


# Faces


def test_without_the_extra_there_is_no_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "available", lambda: False)
    assert faces.suggest(np.zeros((9, 9, 3), np.uint8)) is None


def test_a_face_s_square_lies_inside_the_picture() -> None:
    assert faces.framed(200, 200, 69, 400, 400) == (150, 140, 100)
    assert faces.framed(5, 5, 69, 400, 300) == (0, 0, 100)
    assert faces.framed(395, 295, 69, 400, 300) == (300, 200, 100)
    assert faces.framed(50, 50, 300, 120, 90) == (5, 0, 90)


def test_a_drawn_face_is_found_and_a_wall_is_not() -> None:
    pytest.importorskip("cv2", reason="the extra faces is not installed")
    from app.drawn.faces import FACES, face

    picture = np.full((600, 900, 3), 120, np.uint8)
    assert faces.suggest(picture) is None
    picture[250:506, 500:756] = face(FACES[0])
    box = faces.suggest(take_in(saved(Image.fromarray(picture), "PNG"), "a.png").pixels)
    assert box is not None
    assert abs(np.array(box) - (500, 250, 256)).max() < 60
    assert faces.suggest(np.zeros((1, 1, 3), np.uint8)) is None
    assert faces.suggest(io_scene()) is None


def io_scene() -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(saved(scene(300, 200), "PNG"))))
