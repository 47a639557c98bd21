"""What editors decide: pairs of articles kept together or apart, articles pinned or hidden."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:

    op.create_table(
        "article_pair",
        sa.Column("first_id", BIG_ID, nullable=False),
        sa.Column("second_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id < second_id", name="ck_article_pair_order"),
        sa.ForeignKeyConstraint(["first_id"], ["article.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second_id"], ["article.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("first_id", "second_id"),
    )
    op.create_index(op.f("ix_article_pair_second_id"), "article_pair", ["second_id"], unique=False)
    op.create_table(
        "article_mark",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("article_id", BIG_ID, nullable=False),
        sa.Column("newsletter", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("article_id", "newsletter"),
    )


def downgrade() -> None:

    op.drop_table("article_mark")
    op.drop_index(op.f("ix_article_pair_second_id"), table_name="article_pair")
    op.drop_table("article_pair")
