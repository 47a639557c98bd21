"""What a publisher's templates cannot do, whatever they are given."""

from pathlib import Path

import pytest

from digest.config import Theme
from digest.errors import TemplateBrokenError
from digest.rendering import Templates
from tests.documents import TEMPLATES


@pytest.mark.parametrize(
    "text",
    [
        '{{ model.parse_raw("x", proto="pickle", allow_pickle=True) }}',
        '{{ model.parse_file("/etc/hostname") }}',
        "{{ model.light.model_construct() }}",
        "{{ kind.mro() }}",
        "{{ ''.__class__ }}",
    ],
)
def test_models_and_classes_have_no_attributes(tmp_path: Path, text):
    (tmp_path / "page.txt").write_text(text, encoding="utf-8")
    templates = Templates((tmp_path, *TEMPLATES.folders))
    with pytest.raises(TemplateBrokenError, match=r"page\.txt, line 1: "):
        templates.render("page.txt", model=Theme(), kind=Theme)
