from grid_db.factory import DatabaseFactory
from sqlalchemy import text


def test_x(database: DatabaseFactory) -> None:
    with database.get_session() as s:
        assert s.execute(text("select count(*) from users")).scalar() == 0
