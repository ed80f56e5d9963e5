#!/usr/bin/env python3
"""Checks what the compiler does not: that includes follow the arrows between the modules, and rules for the text of files.

    check.py ROOT

Prints one line for each fault, PATH:LINE: TEXT, and ends with 1 when there are any.
"""

import re
import sys
from pathlib import Path

# Module: what it may include, beside what these may include.
ARROWS = {
    "error": [],
    "bson": ["error"],
    "operation": ["bson"],
    "pipeline": ["operation"],
    "schema": ["pipeline"],
    "store": ["operation"],
    "memory": ["store"],
    "mongo": ["store"],
    "model": ["schema", "store"],
    "connect": ["model", "memory", "mongo"],
    "repository": ["connect", "hooks"],
    "record": ["model"],
    "search": ["model"],
    "models": ["model"],
    "hooks": ["model"],
}
# The folders of a module, from below: each includes those before it alone. The files that stand in none of them include them all.
FOLDERS = {
    "memory": ["value", "search", "query", "expression", "match", "projection", "aggregation", "update", "index", "journal", "database"],
}
# Headers of no module, for users alone: they may include everything, and no module includes them.
WHOLE = "include/cormorant/cormorant.hpp"
FOR_USERS = {WHOLE, "include/cormorant/fwd.hpp"}
# Private headers that the modules above may include; any other is for its own module alone.
SHARED = {
    "lib/bson/in_place.hpp",  # documents that keep the BSON they were read from
    "lib/bson/spare_memory.hpp",  # large pieces of memory, used again
    "lib/bson/utf8.hpp",  # whether text is UTF-8
    "lib/mongo/seed_list.hpp",  # the hosts of a connection string that names none
    "lib/pipeline/annotate.hpp",  # what an error says about the operation that it comes from
    "lib/pipeline/deadline.hpp",  # what waits no longer than an operation may
    "lib/pipeline/spawn.hpp",  # how a coroutine is started that may be cancelled
    "lib/schema/concealment.hpp",  # what may not be told of a model's values
    "lib/schema/filter.hpp",  # what can be said of a filter without a document
    "lib/schema/request.hpp",  # what requests become by a policy
    "lib/schema/translation.hpp",  # between the names of a model and those that are stored
    "lib/store/arguments.hpp",  # what both stores refuse, in the same words
    "lib/store/deliver.hpp",  # how an answer gets to the caller's executor
    "lib/store/percent.hpp",  # the encoding of connection strings
    "lib/store/session_claim.hpp",  # what a session allows, in the same words
    "lib/store/whole_answer.hpp",  # the cursor of an answer that is here as a whole
}
WITHOUT_ASIO = {"error", "bson", "operation"}
NATIVE = re.compile(r"(mongoc|bson)([./]|-1\.0/|$)")
MAY_INCLUDE_NATIVE = re.compile(r"lib/(mongo/native\.hpp|bson/[^/]+\.cpp)$")

CODE = ["include", "lib", "hooks", "tests", "examples", "benchmarks"]
TEXT = CODE + ["cmake", "docs", "tools", ".ci"]
SUFFIXES = {".hpp", ".cpp", ".h"}
MAX_LINES = 600
LONG_FILES = "tests/architecture/long_files.txt"
# Written so that this file passes its own check.
WORDS = {
    "a path of one machine": re.compile(r"/(?:wor[k]|roo[t]|hom[e]/\w+)/|\.librar[y]\b"),
    "unfinished work": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def closure(module):
    """The module and all that it may include."""
    found = {module}
    for below in ARROWS[module]:
        found |= closure(below)
    return found


def module_of(path):
    """The module of a file by its path from the root; None for tests, examples and benchmarks."""
    parts = path.parts
    if parts[0] == "hooks":
        return "hooks"
    if parts[:2] == ("include", "cormorant"):
        return parts[2] if len(parts) > 3 else path.stem
    return parts[1] if parts[0] == "lib" and len(parts) > 2 else None


def height_of(path):
    """Where a private file of a module stands among its folders: what it includes stands no higher. None: in a folder with no place."""
    order = FOLDERS.get(module_of(path), [])
    if not order or len(path.parts) == 3:
        return len(order)
    return order.index(path.parts[2]) if path.parts[2] in order else None


class Checker:
    def __init__(self, root):
        self.root = Path(root)
        self.faults = []

    def fault(self, path, line, text):
        self.faults.append(f"{path}:{line}: {text}")

    def files(self, folders):
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    yield path.relative_to(self.root)
        if folders is TEXT:
            for path in sorted(self.root.iterdir()):
                if path.is_file() and (path.suffix in {".md", ".txt", ".json"} or path.name.startswith(".clang")):
                    yield path.relative_to(self.root)

    def lines(self, path):
        try:
            return (self.root / path).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            return []  # no text

    def run(self):
        for path in self.files(CODE):
            if path.suffix in SUFFIXES:
                self.check_includes(path)
                if path.parts[0] == "lib" and height_of(path) is None:
                    self.fault(path, 1, f"{path.parent} has no place among the folders of {module_of(path)}")
        self.check_whole()
        self.check_text()
        return self.faults

    def check_whole(self):
        """The header for everything includes every public header, by itself or through others."""
        reached, left = set(), [WHOLE]
        while left:
            header = left.pop()
            if header not in reached and (self.root / header).is_file():
                reached.add(header)
                matches = (INCLUDE.match(line) for line in self.lines(Path(header)))
                left += [f"include/{match[2]}" for match in matches if match and match[2].startswith("cormorant/")]
        for path in self.files(["include"]):
            if path.suffix in SUFFIXES and str(path) not in reached and path.stem != "fwd":
                self.fault(WHOLE, 1, f"it does not include {path}")

    def check_includes(self, path):
        module = module_of(path)
        for_users = str(path) in FOR_USERS
        if module is not None and module not in ARROWS and not for_users:
            self.fault(path, 1, f"{module} is no module of the architecture")
            return
        for number, line in enumerate(self.lines(path), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match[2]
            if target.startswith("cormorant/"):
                self.check_public(path, number, module, for_users, target)
            elif match[1] == '"' or (self.root / "lib" / target).is_file():
                self.check_private(path, number, module, target)
            elif module in WITHOUT_ASIO and target.startswith("boost/asio"):
                self.fault(path, number, f"{module} knows nothing of Asio, and includes <{target}>")
            if module is not None and NATIVE.match(target) and not target.endswith(".hpp") and not MAY_INCLUDE_NATIVE.search(str(path)):
                self.fault(path, number, f"<{target}> belongs in lib/mongo/native.hpp and lib/bson alone")

    def check_public(self, path, number, module, for_users, target):
        header = Path("include", target)
        if not (self.root / header).is_file():
            self.fault(path, number, f"there is no <{target}>")
            return
        other = module_of(header)
        if str(header) in FOR_USERS:
            if module is not None:
                self.fault(path, number, f"<{target}> is for users alone, and {module} includes it")
        elif module is not None and not for_users and other not in closure(module):
            self.fault(path, number, f"{module} must not include {other}: <{target}>")

    def check_private(self, path, number, module, target):
        beside = self.root / path.parent / target
        if beside.is_file():
            found = beside.resolve().relative_to(self.root.resolve())
        elif (self.root / "lib" / target).is_file():
            found = Path("lib", target)
        elif path.parts[0] == "tests":
            return  # a header of tests/support, or one that the build makes
        elif path.parts[0] in ("examples", "benchmarks") and any((self.root / path.parts[0]).rglob(target)):
            return  # one of the folders that its programs share
        else:
            self.fault(path, number, f'there is no "{target}"')
            return
        if found.parts[0] in ("include", "hooks", "examples", "benchmarks"):
            if found.parts[0] != path.parts[0]:
                self.fault(path, number, f"write a public header as <cormorant/...>: {found}")
        elif found.parts[0] == "lib" and path.parts[0] != "tests":
            shared = str(found) in SHARED and module_of(found) in closure(module) if module else False
            if path.parts[0] == "include" or (module_of(found) != module and not shared):
                self.fault(path, number, f"{found} is private to lib/{module_of(found)}")
            elif module_of(found) == module and (height_of(found) or 0) > (height_of(path) or 0):
                self.fault(path, number, f"{path.parent} must not include {found.parent}: {target}")

    def check_text(self):
        reasons = self.long_files()
        for path in self.files(TEXT):
            lines = self.lines(path)
            for number, line in enumerate(lines, 1):
                for what, pattern in WORDS.items():
                    if pattern.search(line):
                        self.fault(path, number, f"{what}: {pattern.search(line)[0]}")
            long = len(lines) > MAX_LINES and path.suffix in SUFFIXES
            if long and str(path) not in reasons:
                self.fault(path, len(lines), f"longer than {MAX_LINES} lines: split it, or give the reason in {LONG_FILES}")
            if not long and str(path) in reasons:
                self.fault(LONG_FILES, reasons[str(path)], f"{path} is not longer than {MAX_LINES} lines any more")
        for name, number in reasons.items():
            if not (self.root / name).is_file():
                self.fault(LONG_FILES, number, f"there is no {name}")

    def long_files(self):
        """The files that may be long, with the line that gives the reason: `PATH: REASON`."""
        found = {}
        if not (self.root / LONG_FILES).is_file():
            return found
        for number, line in enumerate(self.lines(Path(LONG_FILES)), 1):
            name, _, reason = line.partition(":")
            if line.startswith("#") or not line.strip():
                continue
            if not reason.strip():
                self.fault(LONG_FILES, number, "write PATH: REASON")
            found[name.strip()] = number
        return found


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    faults = Checker(sys.argv[1]).run()
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
