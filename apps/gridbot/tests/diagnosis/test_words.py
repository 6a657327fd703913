from gridbot.diagnosis.words import Diagnosis, Health, ill, odd, well


def test_only_what_is_well_needs_no_remedy() -> None:
    assert well("disk", "full of room").remedy is None
    assert odd("disk", "tight", "tidy up").health is Health.ODD
    assert ill("disk", "full", "tidy up") == Diagnosis(
        subject="disk", health=Health.ILL, text="full", remedy="tidy up"
    )
