"""What is taken for a command in a guide, and what is not."""

from pathlib import Path

import pytest

from tools import guides


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    return tmp_path / "guide.md"


def texts(guide: Path) -> list[str]:
    return [one.text for block in guides.blocks(guide) for one in guides.commands(block)]


def test_a_block_without_a_language_and_one_of_the_shell_hold_commands(guide: Path) -> None:
    guide.write_text("# Title\n```\none --a\n```\ntext\n```sh\ntwo\n```\n", encoding="utf-8")

    assert texts(guide) == ["one --a", "two"]


def test_a_block_of_another_language_holds_none(guide: Path) -> None:
    guide.write_text("```text\none\n```\n```python\ntwo\n```\n", encoding="utf-8")

    assert texts(guide) == []
    assert [block.language for block in guides.blocks(guide)] == ["text", "python"]


def test_comments_empty_lines_and_the_folder_of_programs_are_no_part_of_a_command(
    guide: Path,
) -> None:
    guide.write_text("```\n.venv/bin/one  --a    # why\n\n# alone\n```\n", encoding="utf-8")

    assert texts(guide) == ["one --a"]


def test_a_hash_inside_a_word_or_quotes_is_no_comment(guide: Path) -> None:
    line = "one 'http://here#there' 'a # b'"
    guide.write_text(f"```\n{line}  # why\n```\n", encoding="utf-8")

    assert texts(guide) == [line]


def test_a_line_that_goes_on_is_one_command(guide: Path) -> None:
    guide.write_text("```\none \\\n    --two\n```\n", encoding="utf-8")

    assert texts(guide) == ["one --two"]


def test_an_indented_block_loses_its_indentation(guide: Path) -> None:
    guide.write_text("1. Step\n\n   ```yaml\n   a:\n     b: 1\n   ```\n", encoding="utf-8")

    (block,) = guides.blocks(guide)
    assert (block.text, block.line) == ("a:\n  b: 1\n", 3)


def test_a_block_that_is_never_closed_is_refused_with_its_line(guide: Path) -> None:
    guide.write_text("text\n```sh\none\n", encoding="utf-8")

    with pytest.raises(ValueError, match="block of line 2"):
        guides.blocks(guide)


def test_a_script_is_every_shell_block_in_order(guide: Path) -> None:
    guide.write_text("```sh\none\n```\n```\nother\n```\n```sh\ntwo\n```\n", encoding="utf-8")

    assert guides.script(guide) == "one\ntwo\n"


def test_readme_and_guides_are_read(tmp_path: Path) -> None:
    (tmp_path / "docs" / "guides").mkdir(parents=True)
    (tmp_path / "README.md").write_text("```\nfirst\n```\n", encoding="utf-8")
    (tmp_path / "docs" / "guides" / "a.md").write_text("```\nsecond\n```\n", encoding="utf-8")

    found = guides.all_commands(tmp_path)

    assert [(one.text, one.place) for one in found] == [
        ("first", "README.md, block of line 1"),
        ("second", "a.md, block of line 1"),
    ]
