#!/usr/bin/env python3
"""Makes the code blocks of a page of the documentation a test.

    extract.py page ROOT PAGE OUT      writes OUT.cpp, and OUT_program_N.cpp and .txt for the Nth program of the page
    extract.py run PROGRAM EXPECTED    runs a program of a page; its output has to be the text in EXPECTED, unless that is empty

What a block is for stands behind the three backticks:

    cpp              statements, run within a coroutine; `db` is a connection to a fresh store in memory. The blocks of a page follow each
                     other in one coroutine: each sees what earlier ones declare, and may declare it anew.
    cpp new          the same, in a new coroutine with a new `db`
    cpp no-run       statements that are compiled only; what they declare is theirs alone
    cpp file         declarations, at the level of a namespace; those of a page stand before its statements, in order
    cpp program      a whole program; `no-run` compiles it only
    text output      what the `cpp` block or program before it prints
    json             has to be JSON; `json model` is put on `db` as the definition of a model
    sh               every script that is named exists; the README names nothing else
    cmake, http, mermaid, text

`file=NAME` with json and text: the block is also a file of that name in the folder in which the page runs.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

FENCE = re.compile(r"^( *)(`{3,})\s*([^`]*)$")
WORDS = {
    "cpp": {"new", "no-run", "file", "program"},
    "text": {"output"},
    "json": {"model"},
    "sh": set(), "cmake": set(), "http": set(), "mermaid": set(),
}
COMMANDS = {"apt-get", "cd", "cmake", "ctest", "docker", "export", "git", "ninja"}


class Fault(Exception):
    """A block that no rule covers, or that breaks one. Its text names page and line."""


class Block:
    def __init__(self, page, line, info, text):
        self.page, self.line, self.text = page, line, text
        words = info.split()
        self.language = words[0] if words else ""
        self.file = next((word[5:] for word in words[1:] if word.startswith("file=")), None)
        self.words = {word for word in words[1:] if not word.startswith("file=")}
        if self.language not in WORDS:
            raise self.fault(f"there is no rule for blocks of '{self.language}'")
        if self.words - WORDS[self.language]:
            raise self.fault(f"a block of {self.language} cannot be {' '.join(sorted(self.words - WORDS[self.language]))}")
        if self.words & {"file", "program"} and (len(self.words & {"file", "program", "new"}) > 1 or self.words == {"file", "no-run"}):
            raise self.fault(f"a block cannot be all of {' '.join(sorted(self.words))}")
        if self.file is not None and self.language not in ("json", "text"):
            raise self.fault("only json and text can be a file")

    def fault(self, text):
        return Fault(f"{self.page}:{self.line}: {text}")

    @property
    def statements(self):
        return self.language == "cpp" and not self.words & {"file", "program"}


def blocks_of(page, text):
    """The fenced blocks of a page in order, without the indentation of a list that they stand in."""
    blocks = []
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if start is None:
            if match:
                start, indent, fence, info, body = number, match[1], match[2], match[3], []
        elif match and len(match[2]) >= len(fence) and not match[3].strip():
            blocks.append(Block(page, start + 1, info, "\n".join(body) + "\n"))
            start = None
        else:
            body.append(line.removeprefix(indent))
    if start is not None:
        raise Fault(f"{page}:{start}: the block does not end")
    return blocks


def check_shell(root, block):
    for line in block.text.splitlines():
        line = line.strip().removeprefix("$ ")
        if not line or line.startswith("#"):
            continue
        for command in re.split(r"&&|\|\||[;|]", line.partition(" #")[0]):
            words = [word for word in command.split() if not re.match(r"\w+=", word)]
            if not words:
                continue
            if "/" in words[0]:
                if not os.access(root / words[0], os.X_OK):
                    raise block.fault(f"there is no program {words[0]}")
            elif block.page == "README.md" or words[0] not in COMMANDS:
                raise block.fault(f"the command {words[0]} is not one that is checked")


def check_json(block):
    try:
        json.loads(block.text)
    except ValueError as error:
        raise block.fault(f"no JSON: {error}") from None


def literal(text):
    return f'R"snippet({text})snippet"'


def located(block):
    return f'#line {block.line} "{block.page}"\n{block.text}'


def without_includes(text):
    """The text with its include directives as empty lines, and these."""
    includes = re.findall(r"^[ \t]*#[ \t]*include.*$", text, re.MULTILINE)
    return re.sub(r"^[ \t]*#[ \t]*include.*$", "", text, flags=re.MULTILINE), includes


def convert(root, page, text):
    """The source of the page's test, and its programs as pairs of source and expected output."""
    blocks = blocks_of(page, text)
    declarations, includes, programs = [], [], []
    coroutines, scopes = [], []  # the lines of each, and the braces that close its blocks
    for position, block in enumerate(blocks):
        follower = blocks[position + 1] if position + 1 < len(blocks) else None
        expected = follower.text if follower and "output" in follower.words else None
        if block.language == "sh":
            check_shell(root, block)
        if block.language == "json":
            check_json(block)
        if "output" in block.words:
            before = blocks[position - 1] if position else None
            if before is None or before.language != "cpp" or before.words & {"no-run", "file"}:
                raise block.fault("no block that runs stands before this output")
        if "program" in block.words:
            programs.append((located(block), "" if expected is None or "no-run" in block.words else expected))
        elif "file" in block.words:
            body, found = without_includes(block.text)
            includes += found
            declarations.append(f'#line {block.line} "{block.page}"\n{body}')
        elif block.statements or block.file is not None or "model" in block.words:
            if not coroutines or "new" in block.words:
                coroutines.append([])
                scopes.append("")
            body = coroutines[-1]
            if block.file is not None:
                body.append(f"page_.write({json.dumps(block.file)}, {literal(block.text)});")
            if "model" in block.words:
                body.append(f"co_await db.add(orm::model_definition::parse({literal(block.text)}));")
            if "no-run" in block.words:
                body.append(f"if (page_.never()) {{\n{located(block)}}}")
            elif block.statements:
                # Within the scope of the block before: the braces are closed at the end.
                body.append("{\n" + (located(block) if expected is None else
                            f"page_.capture();\n{located(block)}page_.expect({literal(expected)}, {follower.line});"))
                scopes[-1] += "}"
    made = f"// The code of {page}, made by tests/snippets/extract.py."
    if not coroutines and not declarations:
        return f"{made}\n", programs
    name = identifier(page)
    parts = [made, '#include "page.hpp"', *includes,
             f"namespace snippets::{name} {{", *declarations]
    for number, (body, closing) in enumerate(zip(coroutines, scopes), 1):
        parts += [f"boost::asio::awaitable<void> part_{number}([[maybe_unused]] orm::connection db, [[maybe_unused]] page& page_) {{",
                  *body, closing, "co_return;", "}"]
    if coroutines:
        runs = (f'    run("{page}", part_{number});' for number in range(1, len(coroutines) + 1))
        parts += [f"TEST(snippets, {name}) {{", *runs, "}"]
    return "\n".join([*parts, "} // namespace", ""]), programs


def identifier(page):
    return re.sub(r"\W", "_", str(Path(page).with_suffix("")))


def write(path, text):
    """Leaves a file alone that is as it should be, so that nothing is built anew."""
    path = Path(path)
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)


def extract(root, page, out):
    source, programs = convert(Path(root), page, Path(root, page).read_text())
    write(f"{out}.cpp", source)
    for number, (program, expected) in enumerate(programs, 1):
        write(f"{out}_program_{number}.cpp", program)
        write(f"{out}_program_{number}.txt", expected)


def run(program, expected):
    result = subprocess.run([program], stdout=subprocess.PIPE, text=True)
    sys.stdout.write(result.stdout)
    wanted = Path(expected).read_text()
    if wanted and result.stdout.strip() != wanted.strip():
        sys.exit(f"The page says that it prints:\n{wanted}")
    return result.returncode


def main(arguments):
    try:
        if len(arguments) == 4 and arguments[0] == "page":
            return extract(*arguments[1:])
        if len(arguments) == 3 and arguments[0] == "run":
            return run(*arguments[1:])
    except Fault as fault:
        sys.exit(str(fault))
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
