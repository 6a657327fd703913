"""What a journal's lines tell of a daemon."""

from pathlib import Path

from bench.gridbot.deeds import deeds

TICKER = '{"seq":4,"now_us":40,"kind":"Ticker","body":{"symbol":"BTCUSDT"}}\n'
EFFECTS = (
    '{"seq":5,"now_us":41,"kind":"Effects","body":{"records":[],'
    '"requests":[{"kind":"CancelOrder","body":{"order_id":"a"}}],'
    '"notices":[{"event":"order_denied","at":41}]}}\n'
)


def test_events_requests_and_notices_come_in_the_order_of_the_newest_file(tmp_path: Path) -> None:
    (tmp_path / "000000000001-a.jsonl").write_text(TICKER.replace("4", "1"))
    (tmp_path / "000000000004-b.jsonl").write_text(TICKER + EFFECTS)

    found = deeds(tmp_path)

    assert [(one.seq, one.at, one.kind) for one in found] == [
        (4, 40, "Ticker"),
        (5, 41, "CancelOrder"),
        (5, 41, "order_denied"),
    ]
    assert found[1].body == {"order_id": "a"}
    assert [one.seq for one in deeds(tmp_path, 5)] == [5, 5]


def test_a_line_that_is_being_written_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "000000000004-b.jsonl").write_text(TICKER + EFFECTS[:40])

    assert [one.kind for one in deeds(tmp_path)] == ["Ticker"]
