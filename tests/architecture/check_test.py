"""The check finds each fault that it is there for, in small trees made for the purpose."""

import tempfile
import unittest
from pathlib import Path

from check import ARROWS, MAX_LINES, Checker, closure

# The least that is in order: every module with one public header and one source file.
CLEAN = {f"include/cormorant/{module}/{module}.hpp": "#pragma once\n#include <string>\n" for module in ARROWS if module != "connect"}
CLEAN["include/cormorant/connect.hpp"] = "#include <cormorant/model/model.hpp>\n#include <cormorant/mongo/mongo.hpp>\n"
CLEAN["include/cormorant/cormorant.hpp"] = "".join(f"#include <{path.removeprefix('include/')}>\n" for path in CLEAN)
CLEAN["include/cormorant/fwd.hpp"] = "#include <cormorant/bson/fwd.hpp>\n"
CLEAN["include/cormorant/bson/fwd.hpp"] = "class document;\n"
CLEAN["lib/memory/query.hpp"] = "#include <cormorant/bson/bson.hpp>\n"
CLEAN["lib/memory/query.cpp"] = '#include "memory/query.hpp"\n#include "query.hpp"\n'
CLEAN["lib/memory/value/value.hpp"] = ""
CLEAN["lib/memory/query/of_below.cpp"] = '#include "memory/value/value.hpp"\n'
CLEAN["lib/memory/of_all.cpp"] = '#include "memory/value/value.hpp"\n'
CLEAN["lib/mongo/native.hpp"] = "#include <mongoc/mongoc.h>\n"
CLEAN["lib/store/deliver.hpp"] = ""
CLEAN["lib/mongo/mongo.cpp"] = '#include "store/deliver.hpp"\n'
CLEAN["tests/unit/query.cpp"] = '#include "memory/query.hpp"\n'

LONG = "int x;\n" * (MAX_LINES + 1)

# name: the files that are added or changed, and what the one line of the answer has to say
FAULTS = {
    "against_an_arrow": ({"include/cormorant/bson/bson.hpp": "#include <cormorant/operation/operation.hpp>\n"},
                         "include/cormorant/bson/bson.hpp:1: bson must not include operation"),
    "store_to_model": ({"lib/memory/a.cpp": "\n#include <cormorant/model/model.hpp>\n"}, "lib/memory/a.cpp:2: memory must not include model"),
    "between_stores": ({"lib/mongo/a.cpp": "#include <cormorant/memory/memory.hpp>\n"}, "mongo must not include memory"),
    "schema_to_store": ({"lib/schema/a.cpp": "#include <cormorant/store/store.hpp>\n"}, "schema must not include store"),
    "with_spaces": ({"lib/mongo/a.cpp": "  #  include  <cormorant/model/model.hpp>\n"}, "mongo must not include model"),
    "header_for_users_within": ({"lib/model/a.cpp": "#include <cormorant/cormorant.hpp>\n"}, "is for users alone"),
    "asio_below": ({"lib/operation/a.cpp": "#include <boost/asio/awaitable.hpp>\n"}, "operation knows nothing of Asio"),
    "mongoc_outside": ({"lib/mongo/a.cpp": "#include <mongoc/mongoc.h>\n"}, "belongs in lib/mongo/native.hpp"),
    "bson_outside": ({"include/cormorant/bson/bson.hpp": "#include <bson/bson.h>\n"}, "belongs in lib/mongo/native.hpp"),
    "private_of_another": ({"lib/mongo/a.cpp": '#include "memory/query.hpp"\n'}, "lib/memory/query.hpp is private to lib/memory"),
    "shared_against_an_arrow": ({"lib/schema/a.cpp": '#include "store/deliver.hpp"\n'}, "lib/store/deliver.hpp is private to lib/store"),
    "shared_in_public": ({"include/cormorant/mongo/mongo.hpp": '#include "store/deliver.hpp"\n'}, "lib/store/deliver.hpp is private to lib/store"),
    "private_in_brackets": ({"lib/mongo/a.cpp": "#include <memory/query.hpp>\n"}, "lib/memory/query.hpp is private to lib/memory"),
    "private_by_relative_path": ({"lib/mongo/a.cpp": '#include "../memory/query.hpp"\n'}, "lib/memory/query.hpp is private to lib/memory"),
    "private_in_public": ({"include/cormorant/memory/memory.hpp": '#include "memory/query.hpp"\n'}, "lib/memory/query.hpp is private to lib/memory"),
    "private_in_example": ({"examples/a.cpp": '#include "../lib/memory/query.hpp"\n'}, "is private to lib/memory"),
    "private_in_pack": ({"hooks/a.cpp": '#include "memory/query.hpp"\n'}, "is private to lib/memory"),
    "public_in_quotes": ({"lib/memory/a.cpp": '#include "../../include/cormorant/bson/bson.hpp"\n'}, "as <cormorant/...>"),
    "between_folders": ({"lib/memory/query/query.hpp": "", "lib/memory/value/a.cpp": '#include "memory/query/query.hpp"\n'},
                        "lib/memory/value/a.cpp:1: lib/memory/value must not include lib/memory/query"),
    "folder_to_its_module": ({"lib/memory/value/a.cpp": '#include "memory/query.hpp"\n'}, "lib/memory/value must not include lib/memory:"),
    "folder_without_a_place": ({"lib/memory/extras/a.cpp": ""}, "lib/memory/extras has no place among the folders of memory"),
    "missing_header": ({"lib/memory/a.cpp": "#include <cormorant/bson/none.hpp>\n"}, "there is no <cormorant/bson/none.hpp>"),
    "left_out": ({"include/cormorant/bson/a.hpp": ""}, "include/cormorant/cormorant.hpp:1: it does not include include/cormorant/bson/a.hpp"),
    "unknown_module": ({"lib/extras/a.cpp": ""}, "extras is no module"),
    "long_file": ({"lib/memory/a.cpp": LONG}, f"longer than {MAX_LINES} lines"),
    "long_file_without_reason": ({"lib/memory/a.cpp": LONG, "tests/architecture/long_files.txt": "lib/memory/a.cpp:\n"}, "write PATH: REASON"),
    "reason_without_long_file": ({"tests/architecture/long_files.txt": "lib/memory/query.cpp: why\n"}, "is not longer"),
    "reason_without_file": ({"tests/architecture/long_files.txt": "lib/memory/none.cpp: why\n"}, "there is no lib/memory/none.cpp"),
    "machine_path": ({"docs/a.md": "see /hom" + "e/ann/x\n"}, "a path of one machine"),
    "unfinished": ({"lib/memory/a.cpp": "// TO" + "DO\n"}, "unfinished work"),
}


def check(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Checker(root).run()


class CheckTest(unittest.TestCase):
    def test_clean_tree_passes(self):
        self.assertEqual(check(CLEAN), [])

    def test_every_fault_is_found_once(self):
        for name, (files, expected) in FAULTS.items():
            with self.subTest(name):
                faults = check({**CLEAN, **files})
                self.assertEqual(len(faults), 1, faults)
                self.assertIn(expected, faults[0])

    def test_long_file_with_reason_passes(self):
        self.assertEqual(check({**CLEAN, "lib/memory/a.cpp": LONG, "tests/architecture/long_files.txt": "# why\nlib/memory/a.cpp: why\n"}), [])

    def test_front_ends_reach_down_to_bson(self):
        self.assertTrue({"model", "schema", "pipeline", "store", "bson", "error"} <= closure("record"))
        self.assertFalse({"memory", "mongo", "connect"} & closure("record"))


if __name__ == "__main__":
    unittest.main()
