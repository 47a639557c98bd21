"""The yardstick of speed, a process of its own: scikit-learn's TF-IDF of a file's articles.

    python -m benchmarks.tfidf_yardstick FILE.jsonl

Of single words, as our grouping takes them. Prints the processor seconds of `fit_transform` alone.
"""

import json
import sys
import time
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer


def main() -> None:
    """Read, fit, print."""
    with Path(sys.argv[1]).open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    texts = [f"{record['title']} {record['body']}" for record in records]
    began = time.process_time()
    TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
