// Model definitions in JSON: whatever they say, they are refused as definitions, or the model works.

#include "fuzz.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/model/model.hpp>
#include <cormorant/schema/registry.hpp>

using namespace cormorant;

namespace {

void use(cormorant::model const& m) {
    auto const s = m.schema();
    document filter;
    document data;
    for (field_definition const& f : s->fields()) {
        filter.set(f.name, doc("$gt", 1));
        data.set(f.name, "text");
        s->type_at(f.name + ".0.x");
        s->unknown_path(std::string_view(f.name + ".a.b"));
    }
    fuzz::require(!s->unknown_path(doc("_id", 1)), "every model has a key");
    s->unknown_path(filter);
    std::vector<violation> violations;
    for (document given : {document(), data}) {
        s->prepare_for_write(given, prepare_options(), violations);
        s->to_json_text(given);
    }
    value delta = doc("$set", data);
    s->prepare_delta(delta, prepare_options(), violations);
    auto const all_fields = s->plan_read(filter, false);
    s->shape(data, all_fields);
    if (s->definition().requests())
        m.query(untrusted());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::optional<cormorant::model> made;
    try {
        made.emplace(model_definition::parse(fuzz::text_of(data, size)));
    } catch (error const& e) {
        fuzz::require(e.code() == errc::definition || e.code() == errc::bad_json || e.code() == errc::invalid_argument ||
                          e.code() == errc::not_found || e.code() == errc::limit_exceeded,
            "a definition is refused as one: " + e.report());
        return 0;
    }
    try {
        use(*made);
    } catch (error const&) {
        // the data of this test, or a type that does not exist
    }
    return 0;
}
