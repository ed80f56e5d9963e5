#pragma once

/// One document that transactions count in.

#include "fixture.hpp"

#include <cstdint>

namespace cormorant::testing {

inline update_op add_one() {
    update_op op;
    op.collection = "c";
    op.filter = doc("_id", 1);
    op.update = doc("$inc", doc("n", 1));
    return op;
}

class counter_test : public mongo_test {
protected:
    void SetUp() override { run_op(insert_of("c", docs_of({doc("_id", 1, "n", 0)}))); }

    std::int64_t n() { return find_all(find_in("c")).front().at("n").as_int64(); }
    std::int64_t open_transactions() { return server_status().at("transactions").as_document().at("currentOpen").as_int64(); }
};

} // namespace cormorant::testing
