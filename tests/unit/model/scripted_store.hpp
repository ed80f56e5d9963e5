#pragma once

/// A store that records what it is asked and answers what a test says.

#include "store/deliver.hpp"

#include <cormorant/error/error.hpp>
#include <cormorant/store/store.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cormorant::testing {

/// The documents as they come from a server.
inline batch as_bson(documents const& docs) {
    batch::raw_documents raw;
    for (document const& d : docs) {
        auto const bytes = encode(d);
        raw.places.emplace_back(static_cast<std::uint32_t>(raw.buffer.size()), static_cast<std::uint32_t>(bytes.size()));
        raw.buffer.insert(raw.buffer.end(), bytes.begin(), bytes.end());
    }
    return batch(std::move(raw));
}

/// Gives the documents it was made with, `size` at a time.
class scripted_cursor final : public cursor_source {
public:
    scripted_cursor(documents docs, std::size_t size, bool raw) : docs_(std::move(docs)), size_(size), raw_(raw) {}
    void next(completion done) override {
        documents part;
        while (next_ < docs_.size() && part.size() < size_)
            part.push_back(std::move(docs_[next_++]));
        detail::pending_handler<completion>(std::move(done))
            .finish([b = raw_ ? as_bson(part) : batch(std::move(part))](
                        completion handler) mutable { std::move(handler)(nullptr, std::move(b)); });
    }
    void close() noexcept override {}

private:
    documents docs_;
    std::size_t size_;
    bool raw_;
    std::size_t next_ = 0;
};

/// Answers every operation by a function. Writes answer by default that all went well, reads that nothing is there.
class scripted_store final : public store {
public:
    using answer_function = std::function<reply(operation&)>;

    std::vector<operation> calls;
    std::vector<call_options> options;
    /// Called first; a reply of `std::monostate` leaves the answer to the default, an exception is the answer.
    answer_function answer;
    std::size_t batch_size = 101;
    /// Documents come as BSON, as those of a server do.
    bool raw = false;
    bool never_answers = false;
    /// What waits for an answer that does not come, until it is cancelled.
    std::vector<std::shared_ptr<detail::pending_handler<completion>>> unanswered;
    int in_flight = 0;
    int most_in_flight = 0;

    std::string_view kind() const noexcept override { return "scripted"; }
    std::string_view database() const noexcept override { return "test"; }
    store_capabilities capabilities() const noexcept override { return {}; }

    void start(operation op, call_options how, completion done) override {
        calls.push_back(op);
        options.push_back(how);
        auto pending = std::make_shared<detail::pending_handler<completion>>(std::move(done));
        if (never_answers) {
            if (auto slot = pending->cancellation_slot(); slot.is_connected()) {
                // The slot may be of what the handler keeps alive.
                slot.assign([weak = std::weak_ptr(pending)](boost::asio::cancellation_type) {
                    if (auto const waiting = weak.lock())
                        fail(*waiting, errc::cancelled);
                });
                unanswered.push_back(std::move(pending));
            }
            return;
        }
        most_in_flight = std::max(most_in_flight, ++in_flight);
        std::exception_ptr failure;
        reply r;
        try {
            if (answer)
                r = answer(op);
            if (std::holds_alternative<std::monostate>(r))
                r = std::visit([](auto& o) { return by_default(o); }, op);
            if (auto* docs = std::get_if<documents>(&r); docs != nullptr && !std::holds_alternative<list_collections_op>(op))
                r = cursor(std::make_unique<scripted_cursor>(std::move(*docs), batch_size, raw));
        } catch (...) {
            failure = std::current_exception();
        }
        pending->finish([this, failure, r = std::move(r)](completion handler) mutable {
            --in_flight;
            std::move(handler)(failure, std::move(r));
        });
    }
    void start_close(close_completion done) override {
        detail::pending_handler<close_completion>(std::move(done)).finish([](close_completion handler) {
            std::move(handler)(nullptr);
        });
    }

    /// The operation at this position, which must be of this kind.
    template <class Op>
    Op const& call(std::size_t position) const {
        return std::get<Op>(calls.at(position));
    }
    /// `"find posts"`, ...
    std::vector<std::string> summary() const {
        std::vector<std::string> result;
        for (operation const& op : calls)
            result.push_back(std::string(name_of(op)) + " " + std::string(collection_of(op)));
        return result;
    }

private:
    static void fail(detail::pending_handler<completion>& pending, errc code) {
        pending.finish([e = make_exception(error(code))](completion handler) mutable { std::move(handler)(e, reply()); });
    }

    static reply by_default(find_op&) { return documents(); }
    static reply by_default(aggregate_op&) { return documents(); }
    static reply by_default(count_op&) { return std::int64_t(0); }
    static reply by_default(insert_op& op) {
        insert_result r;
        r.inserted_count = static_cast<std::int64_t>(op.docs.size());
        for (document const& d : op.docs)
            r.inserted_ids.push_back(d.contains("_id") ? d.at("_id") : value(object_id()));
        return r;
    }
    static reply by_default(update_op&) {
        update_result r;
        r.matched_count = r.modified_count = 1;
        return r;
    }
    static reply by_default(remove_op&) {
        remove_result r;
        r.deleted_count = 1;
        return r;
    }
    static reply by_default(list_collections_op&) { return documents(); }
    static reply by_default(create_indexes_op&) { return array(); }
    template <class Op>
    static reply by_default(Op&) {
        return std::monostate();
    }
};

} // namespace cormorant::testing
