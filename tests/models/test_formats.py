"""Known formats pass; pickles are refused under any name."""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.models.formats import refusal

SUFFIXES = (".json", ".npz", ".onnx", ".safetensors", ".skops", ".md", ".txt")


def npz(**arrays: object) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    return packed.getvalue()


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return packed.getvalue()


def onnx_bytes() -> bytes:
    """As PyTorch's exporter begins a file: IR version 10, the producer's name."""
    return b"\x08\x0a\x12\x07pytorch\x3a\x00"


def test_a_real_onnx_file_passes(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx, which writes such a file, is not installed")
    helper = onnx.helper
    node = helper.make_node("Identity", ["x"], ["y"])
    x, y = (helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1]) for n in "xy")
    graph = helper.make_graph([node], "g", [x], [y])
    path = tmp_path / "model.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    assert refusal(path) == ""


GOOD = {
    ".json": b'{"a": 1}',
    ".npz": npz(a=np.arange(3), text=np.array(["O", "|O"]), odd=np.frombuffer(b"'|O'" * 9, "u1")),
    ".onnx": onnx_bytes(),
    ".safetensors": (2).to_bytes(8, "little") + b"{}",
    ".skops": zipped(schema__json=b"{}"),
    ".md": "# Karte é".encode(),
    ".txt": b"words",
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_good_files_pass(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(GOOD[suffix])
    assert refusal(path) == ""


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", [print, {"a": 1}, [1], Path("x")])
def test_a_renamed_pickle_is_refused(
    suffix: str, protocol: int, value: object, tmp_path: Path
) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(value, protocol))
    assert "pickle" in refusal(path) or "is not what" in refusal(path)


def test_packed_pickles_are_refused(tmp_path: Path) -> None:
    content = {
        "joblib.npz": zlib.compress(pickle.dumps({"a": 1})),
        "objects.npz": npz(a=np.array([{}, 1], dtype=object)),
        "record.npz": npz(a=np.array([(1, "x")], dtype=[("n", "i4"), ("o", object)])),
        "torch.npz": zipped(data__pkl=pickle.dumps([1])),
        "estimator.skops": zipped(schema__json=b"{}", inner=pickle.dumps([1])),
    }
    for name, data in content.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert "pickle" in refusal(path), name


def test_unknown_names_and_empty_files_are_refused(tmp_path: Path) -> None:
    for name in ("model.pkl", "model.joblib", "model.py", "model", "model.JSON"):
        (tmp_path / name).write_bytes(b"{}")
        assert "no known format" in refusal(tmp_path / name)
    (tmp_path / "empty.json").touch()
    assert refusal(tmp_path / "empty.json") == "is empty"


@given(st.sampled_from(SUFFIXES), st.binary(max_size=200), st.booleans())
def test_any_bytes_are_judged_without_an_error(suffix: str, data: bytes, as_zip: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"m{suffix}")
        path.write_bytes(b"PK\x03\x04" + data if as_zip else data)
        assert isinstance(refusal(path), str)
