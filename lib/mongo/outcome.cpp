#include "mongo/outcome.hpp"

#include "mongo/errors.hpp"
#include "mongo/retry.hpp"

#include <cormorant/bson/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace cormorant::detail {
namespace {

constexpr int max_time_expired = 50;
constexpr int namespace_not_found = 26;

// The position of an operation in `operation`.
template <class Op, std::size_t I = 0>
constexpr std::size_t kind_of() {
    if constexpr (std::is_same_v<std::variant_alternative_t<I, operation>, Op>)
        return I;
    else
        return kind_of<Op, I + 1>();
}

std::int64_t number(document const& d, std::string_view key) {
    auto const* v = d.find(key);
    return v == nullptr ? 0 : v->if_int64().value_or(0);
}

std::string text(document const& d, std::string_view key) {
    auto const* v = d.find(key);
    return v == nullptr ? std::string() : std::string(v->if_string().value_or(std::string_view()));
}

document const* first_document(document const& d, std::string_view key) {
    auto const* v = d.find(key);
    if (v == nullptr)
        return nullptr;
    if (auto const* list = v->if_array())
        return list->empty() ? nullptr : list->front().if_document();
    return v->if_document();
}

/// The documents of a reply with a cursor, one batch.
array const& batch_of(document const& reply) {
    auto const& cursor = reply.at("cursor").as_document();
    auto const* first = cursor.find("firstBatch");
    return (first != nullptr ? *first : cursor.at("nextBatch")).as_array();
}

/// All answers decoded. A reply that is no BSON is an error of the connection to all who see it.
class report {
public:
    report(expectation const& expected, result const& r) : expected_(expected), result_(r) {
        try {
            for (auto const& a : r.answers)
                replies_.push_back(a.reply.empty() ? document() : decode_bson(a.reply));
        } catch (error const& e) {
            replies_.clear();
            auto d = details();
            d.slow_phase = phase::decode;
            if (expected_.is_write)
                d.what_happened = outcome::maybe_applied;
            throw error(errc::bad_bson, fmt::format("the server's answer cannot be read: {}", e.message()), std::move(d));
        }
    }

    document const& last() const { return replies_.back(); }
    std::vector<document> const& all() const noexcept { return replies_; }
    std::int64_t sum(std::string_view key) const {
        std::int64_t result = 0;
        for (auto const& r : replies_)
            result += number(r, key);
        return result;
    }

    void require_success() const {
        if (result_.code != errc())
            throw_failure();
        if (result_.answers.back().server_code != 0 && !is_harmless(result_.answers.back().server_code))
            throw_server_error(last(), last());
        // In the order in which they happened.
        for (auto const& r : replies_)
            if (auto const* failed = first_document(r, "writeErrors"))
                throw_server_error(r, *failed);
        for (auto const& r : replies_)
            if (auto const* failed = first_document(r, "writeConcernError"))
                throw_write_concern_error(r, *failed);
    }

private:
    // To drop what is not there succeeds, and what is not there has no indexes.
    bool is_harmless(int code) const noexcept {
        return code == namespace_not_found &&
               (expected_.kind == kind_of<drop_collection_op>() || expected_.kind == kind_of<list_indexes_op>());
    }

    diagnostics details() const {
        diagnostics d;
        d.operation = expected_.name;
        d.is_write = expected_.is_write;
        d.attempts = result_.attempts;
        d.written = expected_.is_write ? sum("n") : 0;
        d.times = result_.times;
        return d;
    }

    // No (usable) answer came.
    [[noreturn]] void throw_failure() const {
        auto d = details();
        label_failure(d);
        d.slow_phase = result_.where;
        bool const interrupted = result_.code == errc::deadline || result_.code == errc::cancelled;
        if (result_.code == errc::deadline && d.times.longest() != phase::none)
            d.slow_phase = d.times.longest();
        auto message = result_.message;
        if (interrupted && d.slow_phase != phase::none)
            message += fmt::format(" (phase: {})", to_string(d.slow_phase));
        if (expected_.is_write) {
            if (result_.sent || result_.in_doubt || (d.written != 0 && expected_.documents_in.empty()))
                d.what_happened = outcome::maybe_applied;
            tell_of_documents(d, result_.code, message);
        }
        throw error(result_.code, std::move(message), std::move(d));
    }

    /// What became of each document of a bulk insert, and of all of them together. `code` and `message`: of the whole.
    void tell_of_documents(diagnostics& d, errc code, std::string const& message) const {
        if (expected_.documents_in.empty())
            return;
        auto& all = d.documents;
        for (std::size_t batch = 0; batch < expected_.documents_in.size(); ++batch) {
            auto const first = all.size();
            for (std::size_t i = 0; i < expected_.documents_in[batch]; ++i)
                all.emplace_back().position = first + i;
            std::span<document_outcome> const docs(all.data() + first, expected_.documents_in[batch]);
            if (batch < replies_.size())
                tell_of_answer(docs, batch, code, message);
            else if (batch == replies_.size() && result_.code != errc()) {
                for (auto& one : docs)
                    tell(one, result_.sent || result_.in_doubt ? outcome::maybe_applied : outcome::not_sent, code, 0, message);
            }
        }
        auto const any = [&](outcome o) {
            return std::any_of(all.begin(), all.end(), [&](document_outcome const& one) { return one.what_happened == o; });
        };
        d.what_happened = any(outcome::maybe_applied) ? outcome::maybe_applied
                          : any(outcome::applied)     ? outcome::applied
                                                      : outcome::not_sent;
    }

    void tell_of_answer(std::span<document_outcome> docs, std::size_t batch, errc code, std::string const& message) const {
        auto const& reply = replies_[batch];
        if (auto const server_code = result_.answers[batch].server_code; server_code != 0) {
            auto const what =
                leaves_doubt(result_.answers[batch]) || result_.in_doubt ? outcome::maybe_applied : outcome::not_sent;
            for (auto& one : docs)
                tell(one, what, code, server_code, message);
            return;
        }
        for (auto& one : docs)
            one.what_happened = outcome::applied;
        if (auto const* failed = first_document(reply, "writeConcernError")) {
            auto const why = static_cast<int>(number(*failed, "code"));
            for (auto& one : docs)
                tell(one, outcome_of_write_concern(why), errc::write_concern, why, "the write concern was not met");
        }
        auto const* errors = reply.find("writeErrors");
        if (errors == nullptr || !errors->is_array())
            return;
        for (value const& v : errors->as_array()) {
            auto const* const failed = v.if_document();
            auto const index = failed == nullptr ? docs.size() : static_cast<std::size_t>(number(*failed, "index"));
            if (index >= docs.size())
                continue;
            auto const why = static_cast<int>(number(*failed, "code"));
            diagnostics about;
            describe(about, document(), *failed);
            tell(docs[index], outcome::not_sent, errc_of_server(why), why, message_for(errc_of_server(why), about, *failed));
            if (!expected_.ordered)
                continue;
            for (auto& one : docs.subspan(index + 1))
                tell(one, outcome::not_sent, errc(), 0, std::string());
        }
    }

    static void tell(document_outcome& one, outcome what, errc code, int server_code, std::string message) {
        one.what_happened = what;
        one.code = code;
        one.server_code = server_code;
        one.message = std::move(message);
    }

    // It is on the primary, unless that is no primary any more: then another one may never hear of it.
    static outcome outcome_of_write_concern(int code) noexcept {
        return is_state_change(code) ? outcome::maybe_applied : outcome::applied;
    }

    // The labels that a driver gives, since no server was there to do it.
    void label_failure(diagnostics& d) const {
        if (!expected_.in_transaction)
            return;
        bool const unreachable =
            result_.code == errc::network || result_.code == errc::connect || result_.code == errc::server_selection;
        bool const interrupted = (result_.code == errc::deadline || result_.code == errc::cancelled) && result_.sent;
        if (expected_.commits && (unreachable || interrupted))
            d.server_labels.emplace_back("UnknownTransactionCommitResult");
        else if (!expected_.commits && unreachable)
            d.server_labels.emplace_back("TransientTransactionError");
    }
    void label_commit(diagnostics& d) const {
        constexpr int unknown_write_concern = 79;
        constexpr int unsatisfiable_write_concern = 100;
        bool const retryable =
            std::find(d.server_labels.begin(), d.server_labels.end(), "RetryableWriteError") != d.server_labels.end();
        bool const concern = d.what_happened == outcome::applied && d.server_code != unknown_write_concern &&
                             d.server_code != unsatisfiable_write_concern;
        if (expected_.commits && (retryable || concern || d.server_code == max_time_expired || is_state_change(d.server_code)))
            d.server_labels.emplace_back("UnknownTransactionCommitResult");
    }

    void describe(diagnostics& d, document const& reply, document const& failed) const {
        d.server_code = static_cast<int>(number(failed, "code"));
        d.server_message = text(failed, "errmsg");
        if (auto const* labels = reply.find("errorLabels"); labels != nullptr && labels->is_array())
            for (value const& label : labels->as_array())
                if (auto const name = label.if_string())
                    d.server_labels.emplace_back(*name);
    }

    std::string message_for(errc code, diagnostics const& d, document const& failed) const {
        switch (code) {
        case errc::duplicate_key:
            return d.path.empty() ? "such a document exists already"
                                  : fmt::format("a document with this {} exists already", d.path);
        case errc::deadline:
            return "the deadline passed (phase: server)";
        case errc::server_timeout:
            return "the server used up maxTimeMS";
        case errc::write_conflict:
            return "another write got in between";
        case errc::not_primary:
            return "the server is not the primary, or is shutting down";
        case errc::cursor_not_found:
            return "the server no longer knows the cursor";
        case errc::namespace_exists:
            return fmt::format("{} exists already", expected_.collection);
        case errc::namespace_not_found:
            return fmt::format("{} does not exist", expected_.collection);
        case errc::document_validation:
            return fmt::format("a document does not meet the validator of {}", expected_.collection);
        default:
            break;
        }
        auto const name = text(failed, "codeName");
        return fmt::format("the server refused it: {}", name.empty() ? fmt::format("code {}", d.server_code) : name);
    }

    [[noreturn]] void throw_server_error(document const& reply, document const& failed) const {
        auto d = details();
        describe(d, reply, failed);
        auto code = errc_of_server(d.server_code);
        if (d.server_code == max_time_expired && expected_.bounded) {
            code = errc::deadline;
            d.slow_phase = phase::server;
        }
        if (auto const* pattern = first_document(failed, "keyPattern"); pattern != nullptr && !pattern->empty()) {
            d.path = pattern->begin()->key();
            auto const* values = first_document(failed, "keyValue");
            if (auto const* v = values == nullptr ? nullptr : values->find(d.path))
                d.value = shorten(*v);
        }
        if (expected_.is_write) {
            // A single document is written whole or not at all; of many some may be. What commands do nobody knows here.
            bool const refused_whole = result_.answers.back().server_code != 0;
            bool const in_doubt = refused_whole && (result_.in_doubt || leaves_doubt(result_.answers.back()));
            bool const partly =
                expected_.kind == kind_of<command_op>() || (expected_.many && expected_.kind != kind_of<insert_op>());
            if (in_doubt || partly)
                d.what_happened = outcome::maybe_applied;
        }
        label_commit(d);
        auto message = message_for(code, d, failed);
        tell_of_documents(d, code, message);
        throw error(code, std::move(message), std::move(d));
    }

    [[noreturn]] void throw_write_concern_error(document const& reply, document const& failed) const {
        auto d = details();
        describe(d, reply, failed);
        d.what_happened = outcome_of_write_concern(d.server_code);
        label_commit(d);
        auto const name = text(failed, "codeName");
        auto message = fmt::format(
            "it was written, but the write concern was not met: {}", name.empty() ? fmt::format("code {}", d.server_code) : name);
        tell_of_documents(d, errc::write_concern, message);
        throw error(errc::write_concern, std::move(message), std::move(d));
    }

    expectation const& expected_;
    result const& result_;
    std::vector<document> replies_;
};

/// Makes the reply of each kind of operation.
struct reader {
    expectation const& expected;
    report const& answers;

    document const& last() const { return answers.last(); }

    reply operator()(count_op const*) const {
        if (last().contains("cursor")) {
            auto const& groups = batch_of(last());
            return groups.empty() ? std::int64_t(0) : number(groups.front().as_document(), "n");
        }
        return number(last(), "n");
    }
    reply operator()(insert_op const*) const {
        insert_result r;
        r.inserted_count = answers.sum("n");
        r.inserted_ids = expected.inserted_ids;
        return r;
    }
    reply operator()(update_op const*) const {
        update_result r;
        if (auto const* upserted = first_document(last(), "upserted")) {
            r.upserted_count = 1;
            r.upserted_id = upserted->at("_id");
        }
        r.matched_count = number(last(), "n") - r.upserted_count;
        r.modified_count = number(last(), "nModified");
        return r;
    }
    reply operator()(remove_op const*) const {
        remove_result r;
        r.deleted_count = number(last(), "n");
        return r;
    }
    reply operator()(find_and_modify_op const*) const {
        auto const* found = first_document(last(), "value");
        return found == nullptr ? std::optional<document>() : std::optional<document>(*found);
    }
    reply operator()(distinct_op const*) const { return last().at("values").as_array(); }
    reply operator()(create_indexes_op const*) const { return expected.index_names; }
    reply operator()(list_indexes_op const*) const { return collected(); }
    reply operator()(list_collections_op const*) const {
        documents result;
        for (auto const& found : collected()) {
            document entry;
            for (auto const key : {"name", "type", "options"})
                if (auto const* v = found.find(key))
                    entry.append(key, *v);
            result.push_back(std::move(entry));
        }
        std::sort(
            result.begin(), result.end(), [](document const& a, document const& b) { return text(a, "name") < text(b, "name"); });
        return result;
    }
    reply operator()(command_op const*) const { return last(); }
    reply operator()(void const*) const { return std::monostate(); }

    documents collected() const {
        documents result;
        for (auto const& r : answers.all())
            if (r.contains("cursor"))
                for (value const& v : batch_of(r))
                    result.push_back(v.as_document());
        return result;
    }
};

// Calls `f` with a (null) pointer to the operation of that position.
template <class F, std::size_t... I>
reply visit_kind(std::size_t kind, F const& f, std::index_sequence<I...>) {
    reply result;
    (void)((kind == I && (result = f(static_cast<std::variant_alternative_t<I, operation> const*>(nullptr)), true)) || ...);
    return result;
}

} // namespace

reply read_reply(expectation const& expected, result const& r) {
    // An abort that fails leaves a transaction that nobody commits.
    if (expected.aborts && r.code != errc::cancelled)
        return std::monostate();
    report const answers(expected, r);
    answers.require_success();
    return visit_kind(expected.kind, reader{expected, answers}, std::make_index_sequence<std::variant_size_v<operation>>());
}

void require_success(expectation const& expected, result const& r) {
    if (r.code != errc() || r.answers.back().server_code != 0 || expected.is_write)
        report(expected, r).require_success();
}

batch take_batch(bson_buffer&& reply) {
    batch::raw_documents raw;
    raw.buffer = std::move(reply);
    auto const root = bson_view(std::span<std::byte const>(raw.buffer));
    auto const found = root.find("cursor");
    if (!found)
        throw error(errc::bad_bson, "the server's answer has no cursor");
    auto const place = found->as_document();
    auto documents = place.find("firstBatch");
    if (!documents)
        documents = place.find("nextBatch");
    if (!documents)
        throw error(errc::bad_bson, "the server's answer has no batch");
    auto const list = documents->as_array();
    for (bson_element const& one : list) {
        auto const bytes = one.as_document().bytes();
        raw.places.emplace_back(
            static_cast<std::uint32_t>(bytes.data() - raw.buffer.data()), static_cast<std::uint32_t>(bytes.size()));
    }
    return batch(std::move(raw));
}

void count(call_statistics& statistics, result const& r) {
    statistics.round_trips += r.round_trips;
    statistics.attempts += r.attempts;
    statistics.queued += r.queued;
    statistics.served += r.served;
    statistics.times += r.times;
}

} // namespace cormorant::detail
