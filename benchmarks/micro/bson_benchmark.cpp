// BSON in and out. Rival: libbson, visiting the same bytes and building the same document.

#include "sample.hpp"

#include <benchmark/benchmark.h>
#include <bson/bson.h>

namespace {

namespace orm = cormorant;

auto const bytes = orm::encode(sample::make_document(7));
auto const document = sample::make_document(7);
auto const structure = sample::make_order(7);

std::span<std::byte const> view() { return std::span<std::byte const>(bytes.data(), bytes.size()); }

void decode_to_documents_in_one_arena(benchmark::State& state) {
    for (auto _ : state) {
        auto arena = orm::make_arena();
        for (int i = 0; i < 100; ++i)
            benchmark::DoNotOptimize(orm::decode_bson(view(), arena));
    }
    state.SetItemsProcessed(state.iterations() * 100);
    state.SetBytesProcessed(state.iterations() * 100 * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(decode_to_documents_in_one_arena);

void decode_to_document_on_the_heap(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(orm::decode_bson(view()));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_to_document_on_the_heap);

void decode_to_struct(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(orm::decode<sample::order>(orm::bson_view(view())));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_to_struct);

// Every value is read, and every nested document is entered.
std::int64_t visit(bson_iter_t& it) {
    std::int64_t sum = 0;
    while (bson_iter_next(&it)) {
        sum += bson_iter_key(&it)[0];
        bson_iter_t child;
        if ((BSON_ITER_HOLDS_DOCUMENT(&it) || BSON_ITER_HOLDS_ARRAY(&it)) && bson_iter_recurse(&it, &child))
            sum += visit(child);
        else
            sum += bson_iter_value(&it)->value_type;
    }
    return sum;
}

void libbson_visits_all_values(benchmark::State& state) {
    for (auto _ : state) {
        bson_t b;
        bson_iter_t it;
        bson_init_static(&b, reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
        bson_iter_init(&it, &b);
        benchmark::DoNotOptimize(visit(it));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(libbson_visits_all_values);

void encode_document(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(orm::encode(document));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_document);

void encode_struct(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(orm::encode(structure));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_struct);

void libbson_builds_the_document(benchmark::State& state) {
    for (auto _ : state) {
        bson_t b = BSON_INITIALIZER;
        BSON_APPEND_OID(&b, "_id", reinterpret_cast<bson_oid_t const*>(structure._id.bytes().data()));
        for (auto const& [key, text] : {std::pair("number", &structure.number), {"customer", &structure.customer}, {"email", &structure.email}, {"note", &structure.note}})
            bson_append_utf8(&b, key, -1, text->data(), static_cast<int>(text->size()));
        BSON_APPEND_DATE_TIME(&b, "created", structure.created.time_since_epoch().count());
        BSON_APPEND_BOOL(&b, "paid", structure.paid);
        BSON_APPEND_INT32(&b, "priority", structure.priority);
        BSON_APPEND_DOUBLE(&b, "total", structure.total);
        BSON_APPEND_INT64(&b, "weight", structure.weight);
        bson_t list, item;
        char const* key = nullptr;
        char buffer[16];
        std::uint32_t i = 0;
        BSON_APPEND_ARRAY_BEGIN(&b, "tags", &list);
        for (auto const& tag : structure.tags) {
            bson_uint32_to_string(i++, &key, buffer, sizeof buffer);
            bson_append_utf8(&list, key, -1, tag.data(), static_cast<int>(tag.size()));
        }
        bson_append_array_end(&b, &list);
        i = 0;
        BSON_APPEND_ARRAY_BEGIN(&b, "lines", &list);
        for (auto const& line : structure.lines) {
            bson_uint32_to_string(i++, &key, buffer, sizeof buffer);
            BSON_APPEND_DOCUMENT_BEGIN(&list, key, &item);
            bson_append_utf8(&item, "sku", -1, line.sku.data(), static_cast<int>(line.sku.size()));
            BSON_APPEND_INT32(&item, "quantity", line.quantity);
            BSON_APPEND_DOUBLE(&item, "price", line.price);
            bson_append_document_end(&list, &item);
        }
        bson_append_array_end(&b, &list);
        benchmark::DoNotOptimize(bson_get_data(&b));
        bson_destroy(&b);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(libbson_builds_the_document);

} // namespace
