"""Faults of pages are found where they are, and blocks come out in order."""

import os
import unittest
from pathlib import Path

from extract import Fault, blocks_of, convert

ROOT = Path(__file__).resolve().parent.parent.parent


def page(*blocks):
    return "\n\n".join(f"```{info}\n{text}\n```" for info, text in blocks)


# name: the page, its file, what the fault says
FAULTS = {
    "unknown_language": (page(("python", "print()")), "docs/a.md", "docs/a.md:2: there is no rule for blocks of 'python'"),
    "no_language": (page(("", "x")), "docs/a.md", "there is no rule"),
    "unknown_word": (page(("cpp run-never", "x;")), "docs/a.md", "cannot be run-never"),
    "two_kinds": (page(("cpp file program", "x;")), "docs/a.md", "cannot be all of file program"),
    "declarations_never_run": (page(("cpp file no-run", "x;")), "docs/a.md", "cannot be all of file no-run"),
    "cpp_as_file": (page(("cpp file=a.cpp", "x;")), "docs/a.md", "only json and text can be a file"),
    "no_end": ("text\n```cpp\nx;\n", "docs/a.md", "docs/a.md:2: the block does not end"),
    "no_json": (page(("json", "{a: 1}")), "docs/a.md", "no JSON"),
    "no_json_model": (page(("json model", "{")), "docs/a.md", "no JSON"),
    "output_of_nothing": (page(("text output", "a")), "docs/a.md", "no block that runs"),
    "output_of_what_does_not_run": (page(("cpp no-run", "x;"), ("text output", "a")), "docs/a.md", "docs/a.md:6: no block that runs"),
    "script_that_is_not_there": (page(("sh", "tests/none")), "docs/a.md", "there is no program tests/none"),
    "script_that_cannot_run": (page(("sh", "tests/test.cmake")), "docs/a.md", "there is no program tests/test.cmake"),
    "second_command": (page(("sh", "tests/run && tests/none")), "docs/a.md", "there is no program tests/none"),
    "unchecked_command": (page(("sh", "make all")), "docs/a.md", "the command make is not one that is checked"),
    "readme_with_another_command": (page(("sh", "cmake -B build")), "README.md", "the command cmake is not one that is checked"),
}


class ExtractTest(unittest.TestCase):
    def test_faults_are_found(self):
        for name, (text, file, expected) in FAULTS.items():
            with self.subTest(name), self.assertRaises(Fault) as caught:
                convert(ROOT, file, text)
            self.assertIn(expected, str(caught.exception), name)

    def test_shell_blocks_may_set_variables_and_comment(self):
        convert(ROOT, "README.md", page(("sh", "# all of it\n$ CORMORANT=1 tests/run --quick  # fast; make would not do\n")))

    def test_blocks_know_their_lines_and_lose_the_indentation_of_lists(self):
        (block,) = blocks_of("a.md", "- item\n\n  ```cpp\n  f();\n    g();\n  ```\n")
        self.assertEqual((block.line, block.text), (4, "f();\n  g();\n"))

    def test_a_longer_fence_holds_a_shorter_one(self):
        (block,) = blocks_of("a.md", "````text\n```cpp\n```\n````\n")
        self.assertEqual(block.text, "```cpp\n```\n")

    def test_statements_share_a_coroutine_until_a_new_one(self):
        source, programs = convert(ROOT, "a.md", page(("cpp", "first();"), ("cpp", "second();"), ("cpp new", "third();")))
        positions = [source.index(text) for text in ("part_1(", "first();", "second();", "part_2(", "third();")]
        self.assertEqual(positions, sorted(positions))
        self.assertNotIn("part_3", source)
        self.assertEqual(programs, [])

    def test_declarations_come_first_and_their_includes_before_them(self):
        source, _ = convert(ROOT, "a.md", page(("cpp", "use();"), ("cpp file", "#include <set>\nvoid use();")))
        positions = [source.index(text) for text in ("#include <set>", "namespace snippets::a", "void use();", "part_1(", "\nuse();")]
        self.assertEqual(positions, sorted(positions))

    def test_code_names_the_page_and_its_line(self):
        source, _ = convert(ROOT, "docs/a.md", "one\n\n" + page(("cpp", "f();")))
        self.assertIn('#line 4 "docs/a.md"\nf();', source)

    def test_a_program_is_kept_whole_with_its_output(self):
        _, programs = convert(ROOT, "a.md", page(("cpp program", "int main() {}"), ("text output", "hello"), ("cpp program", "int main();")))
        self.assertEqual(programs, [('#line 2 "a.md"\nint main() {}\n', "hello\n"), ('#line 10 "a.md"\nint main();\n', "")])


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main()
