from appkit.spelling import did_you_mean, nearest


def test_a_transposed_word_finds_its_neighbour_whatever_the_case() -> None:
    assert nearest("GRID_SETP", ["grid_count", "grid_step", "amount"]) == "grid_step"


def test_a_word_like_none_of_the_known_ones_finds_nothing() -> None:
    assert nearest("volatility", ["grid_count", "amount"]) is None


def test_the_question_is_asked_only_when_there_is_a_near_word() -> None:
    assert did_you_mean("amonut", ["amount"]) == ", did you mean amount?"
    assert did_you_mean("xyz", ["amount"]) == ""
