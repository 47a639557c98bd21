"""Articles for tests, put straight into the store."""

from datetime import datetime

from sqlmodel import select

from digest.sections import ancestors, join_path, section_key, split_path
from digest.store import Store
from digest.store.models import Article, Section
from digest.store.rows import row_id


def put(store: Store, title: str, published: datetime, section: str = "World", **fields) -> int:
    """Store an article, and its section if need be; gives its number."""
    known = fields.pop("known", published)
    with store.write() as session:
        article = Article(
            title=title,
            url=fields.pop("url", f"https://news.example.org/{section_key(title)}"),
            section_id=_section(session, section),
            published=published,
            known=known,
            changed=fields.pop("changed", known),
            **fields,
        )
        session.add(article)
        session.flush()
        return row_id(article)


def _section(session, path: str) -> int:
    parent = 0
    for key in reversed(ancestors(section_key(path))):
        row = session.exec(select(Section).where(Section.key == key)).first()
        if row is None:
            shown = join_path(split_path(path)[: len(split_path(key))])
            row = Section(key=key, path=shown, parent_id=parent or None)
            session.add(row)
            session.flush()
        parent = row_id(row)
    return parent
