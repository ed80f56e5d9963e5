#include "timeline.hpp"

#include "memory/index/index.hpp"
#include "memory/journal/journal_format.hpp"

#include <cormorant/bson/bson.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cormorant::memory {

namespace {

constexpr int write_conflict = 112;
constexpr int snapshot_unavailable = 246;
constexpr int no_such_transaction = 251;
constexpr int transaction_too_large = 257;

// What fits one frame of the journal behind what may be there already: so it is never cut.
constexpr std::size_t longest = frame_limit - frame_target;

/// Throws an error after which the whole transaction may be tried again.
[[noreturn]] void refuse_for_now(errc code, int server_code, std::string message) {
    diagnostics details;
    details.server_code = server_code;
    details.server_message = message;
    details.server_labels.push_back("TransientTransactionError");
    throw error(code, std::move(message), std::move(details));
}

[[noreturn]] void refuse_conflict() {
    refuse_for_now(errc::write_conflict, write_conflict,
        "WriteConflict error: this operation conflicted with another operation. Please retry your operation or multi-document "
        "transaction.");
}

value const& id_of(document_ptr const& d) {
    return d->begin()->value(); // of a stored document `_id` is the first
}

} // namespace

// --- whose turn it is

collection* timeline::find(std::string_view name) noexcept {
    auto const at = entries_.find(name);
    return at == entries_.end() ? nullptr : std::get_if<collection>(&at->second);
}

void timeline::show(std::shared_ptr<transaction> const& who, std::string_view name) {
    current_ = nullptr;
    if (who == nullptr && shown_.empty())
        return;
    expire();
    if (who != nullptr && who->state_ != transaction::state::open)
        refuse_for_now(errc::server, no_such_transaction,
            who->state_ == transaction::state::aborted ? "The transaction has been aborted."
                                                       : "The transaction has been committed.");
    auto const at = shown_.find(name);
    if (at != shown_.end() && at->second.who != who.get()) {
        hide(name);
    } else if (at != shown_.end()) {
        current_ = who.get();
        return;
    }
    if (who == nullptr)
        return;
    require_definition(name, *who);
    auto& as = shown_[std::string(name)];
    as.who = who.get();
    try {
        show_as(*who, name, as);
    } catch (...) {
        hide(name);
        throw;
    }
    current_ = who.get();
}

void timeline::show_all() {
    current_ = nullptr;
    while (!shown_.empty())
        hide(std::string(shown_.begin()->first));
}

void timeline::end_operation() noexcept {
    current_ = nullptr;
    if (log_ != nullptr)
        log_->commit();
}

void timeline::show_as(transaction const& who, std::string_view name, shown& as) {
    if (auto const past = histories_.find(name); past != histories_.end()) {
        auto& c = *find(name); // there is one: its definition has not changed
        auto const& changes = past->second.changes;
        for (auto at = changes.rbegin(); at != changes.rend() && at->version > who.snapshot_; ++at) {
            if (at->before == nullptr)
                remove(c, id_of(at->after), as.undos);
            else
                put(c, at->before, as.undos);
        }
    }
    if (auto const own = who.steps_.find(name); own != who.steps_.end())
        for (auto const& s : own->second)
            perform(name, s, as.undos);
}

void timeline::hide(std::string_view name) noexcept {
    auto const node = shown_.extract(shown_.find(name));
    undo_all(entries_, node.key(), node.mapped().undos);
}

// --- doing and undoing

void timeline::put(collection& c, document_ptr const& doc, std::vector<undo>& undos) {
    undo u;
    if (auto const at = c.find_id(id_of(doc))) {
        u.what = undo::kind::exchange;
        u.at = *at;
        u.doc = c.exchange(*at, doc);
    } else {
        u.what = undo::kind::erase;
        u.at = c.add(doc);
    }
    undos.push_back(std::move(u));
}

void timeline::remove(collection& c, value const& id, std::vector<undo>& undos) {
    undo u;
    u.what = undo::kind::put_back;
    u.taken = c.take_out(c.find_id(id).value());
    undos.push_back(std::move(u));
}

void timeline::perform(std::string_view name, transaction::step const& s, std::vector<undo>& undos) {
    switch (s.what) {
    case effect::kind::put:
        return put(*find(name), s.body, undos);
    case effect::kind::remove:
        return remove(*find(name), id_of(s.body), undos);
    case effect::kind::create_collection:
        entries_.emplace(std::string(name), collection(std::string(s.ns), *s.body, this));
        undos.emplace_back().what = undo::kind::erase_entry;
        return;
    default: // an index of a collection that it created
        replaying_ = true;
        find(name)->create_index(index_definition::from_listing(*s.body));
        replaying_ = false;
    }
}

// What was done last is undone first, so each place is there again when it is needed.
void timeline::undo_all(entry_map& entries, std::string_view name, std::vector<undo>& undos) noexcept {
    auto const at = entries.find(name);
    for (; !undos.empty(); undos.pop_back()) {
        undo& u = undos.back();
        switch (u.what) {
        case undo::kind::erase:
            std::get<collection>(at->second).take_out(u.at);
            break;
        case undo::kind::put_back:
            std::get<collection>(at->second).put_back(std::move(u.taken));
            break;
        case undo::kind::exchange:
            std::get<collection>(at->second).exchange(u.at, std::move(u.doc));
            break;
        case undo::kind::erase_entry:
            entries.erase(at); // the first that was done
            break;
        }
    }
}

// --- what operations do

void timeline::about_to_write(collection const& c, value const& id) {
    if (current_ == nullptr)
        return;
    if (changed_since(c.name(), id, current_->snapshot_))
        refuse_conflict();
    auto const held = held_.find(c.name());
    if (held == held_.end())
        return;
    auto const by = held->second.find(id);
    if (by != held->second.end() && by->second != current_)
        refuse_conflict();
}

void timeline::wrote(collection& c, written_record w) {
    if (current_ == nullptr) {
        if (log_ != nullptr)
            log_->record(
                {w.after ? effect::kind::put : effect::kind::remove, std::string(c.name()), w.after ? w.after : w.before});
        if (!open_.empty()) {
            ++version_;
            remember(c.name(), std::move(w.before), std::move(w.after));
        }
        return;
    }
    auto const name = std::string(c.name());
    auto& undos = shown_.at(name).undos;
    auto& u = undos.emplace_back();
    u.at = w.at;
    if (!w.before)
        u.what = undo::kind::erase;
    else if (w.after) {
        u.what = undo::kind::exchange;
        u.doc = w.before;
    } else {
        u.what = undo::kind::put_back;
        u.taken = std::move(w.taken);
    }
    auto const& shows_id = w.after ? w.after : w.before;
    held_[name].insert_or_assign(id_of(shows_id), current_);
    auto& s = current_->steps_[name].emplace_back();
    s.what = w.after ? effect::kind::put : effect::kind::remove;
    s.body = shows_id;
}

void timeline::created(std::string_view name, document const& options) {
    auto body = std::make_shared<document>(options);
    if (current_ != nullptr) {
        auto& s = current_->steps_[std::string(name)].emplace_back();
        s.what = effect::kind::create_collection;
        s.body = std::move(body);
        s.ns = find(name)->ns();
        shown_.at(std::string(name)).undos.emplace_back().what = undo::kind::erase_entry;
        return;
    }
    redefined({effect::kind::create_collection, std::string(name), std::move(body)});
}

void timeline::defined(collection const& c, effect::kind what, document_ptr body) {
    if (replaying_)
        return;
    if (current_ != nullptr) {
        auto& s = current_->steps_[std::string(c.name())].emplace_back();
        s.what = what;
        s.body = std::move(body);
        return;
    }
    redefined({what, std::string(c.name()), std::move(body)});
}

void timeline::redefined(effect e) {
    if (!open_.empty()) {
        ++version_;
        if (e.what == effect::kind::drop_all) {
            all_redefined_ = version_;
            histories_.clear();
        } else {
            redefined_[e.collection] = version_;
            histories_.erase(e.collection);
        }
    }
    if (log_ != nullptr)
        log_->record(std::move(e));
}

bool timeline::is_of_transaction(std::string_view name) const noexcept {
    if (current_ == nullptr)
        return false;
    auto const own = current_->steps_.find(name);
    return own != current_->steps_.end() && own->second.front().what == effect::kind::create_collection;
}

// --- what is remembered for open transactions

void timeline::remember(std::string_view name, document_ptr before, document_ptr after) {
    auto& past = histories_[std::string(name)];
    past.last.insert_or_assign(id_of(after ? after : before), version_);
    past.changes.push_back({version_, std::move(before), std::move(after)});
}

bool timeline::changed_since(std::string_view name, value const& id, std::uint64_t snapshot) const {
    auto const past = histories_.find(name);
    if (past == histories_.end())
        return false;
    auto const last = past->second.last.find(id);
    return last != past->second.last.end() && last->second > snapshot;
}

void timeline::require_definition(std::string_view name, transaction const& who) const {
    auto const at = redefined_.find(name);
    if ((at != redefined_.end() && at->second > who.snapshot_) || (all_redefined_ && *all_redefined_ > who.snapshot_))
        refuse_for_now(errc::server, snapshot_unavailable,
            fmt::format(
                "Unable to read from a snapshot due to pending collection catalog changes of {}; please retry the operation.",
                name));
}

std::shared_ptr<transaction> timeline::begin() {
    auto made = std::make_shared<transaction>();
    made->snapshot_ = version_;
    made->begun_ = std::chrono::steady_clock::now();
    open_.push_back(made);
    return made;
}

void timeline::expire() noexcept {
    auto const oldest_allowed = std::chrono::steady_clock::now() - lifetime;
    while (!open_.empty() && open_.front()->begun_ < oldest_allowed)
        abort(std::shared_ptr(open_.front()));
}

void timeline::release(transaction& who, transaction::state end) noexcept {
    who.state_ = end;
    for (auto at = shown_.begin(); at != shown_.end();) {
        auto const next = std::next(at);
        if (at->second.who == &who)
            hide(at->first);
        at = next;
    }
    for (auto held = held_.begin(); held != held_.end();) {
        std::erase_if(held->second, [&](auto const& each) { return each.second == &who; });
        held = held->second.empty() ? held_.erase(held) : std::next(held);
    }
    who.steps_.clear();
    std::erase_if(open_, [&](auto const& each) { return each.get() == &who; });
    if (open_.empty()) {
        histories_.clear();
        redefined_.clear();
        all_redefined_.reset();
        return;
    }
    auto const oldest = open_.front()->snapshot_;
    for (auto& [name, past] : histories_) {
        while (!past.changes.empty() && past.changes.front().version <= oldest) {
            auto const& gone = past.changes.front();
            auto const last = past.last.find(id_of(gone.after ? gone.after : gone.before));
            if (last != past.last.end() && last->second <= oldest)
                past.last.erase(last);
            past.changes.pop_front();
        }
    }
    std::erase_if(redefined_, [&](auto const& each) { return each.second <= oldest; });
}

void timeline::abort(std::shared_ptr<transaction> const& who) noexcept {
    if (who->state_ == transaction::state::open)
        release(*who, transaction::state::aborted);
}

// --- commit

void timeline::commit(std::shared_ptr<transaction> const& who) {
    current_ = nullptr;
    if (who->state_ == transaction::state::committed)
        return;
    expire();
    if (who->state_ == transaction::state::aborted)
        refuse_for_now(errc::server, no_such_transaction, "The transaction has been aborted.");
    try {
        make_permanent(*who);
    } catch (...) {
        abort(who);
        throw;
    }
}

void timeline::make_permanent(transaction& who) {
    // What the others have done since the snapshot is there again.
    for (auto const& [name, steps] : who.steps_)
        if (shown_.contains(name))
            hide(name);

    std::size_t size = 0;
    for (auto const& [name, steps] : who.steps_) {
        require_definition(name, who);
        for (auto const& s : steps) {
            bool const of_document = s.what == effect::kind::put || s.what == effect::kind::remove;
            if (of_document && changed_since(name, id_of(s.body), who.snapshot_))
                refuse_conflict();
            if (log_ != nullptr)
                size += encode(*s.body).size() + name.size() + 2;
        }
    }
    if (size > longest)
        refuse(transaction_too_large,
            fmt::format("Total size of all transaction operations must be less than {} bytes. Actual size is {}", longest, size));

    // Once more, on what is there now: an index may refuse what another transaction has made impossible.
    std::map<std::string_view, std::vector<undo>> done;
    std::map<std::string_view, std::vector<document_ptr>> before;
    try {
        for (auto const& [name, steps] : who.steps_) {
            auto& undos = done[name];
            for (auto const& s : steps) {
                auto& was = before[name].emplace_back();
                if (auto* const c = find(name); c != nullptr && s.what == effect::kind::put) {
                    auto const at = c->find_id(id_of(s.body));
                    if (at)
                        was = (*at)->doc;
                    c->check_indexes(*s.body, at);
                } else if (s.what == effect::kind::remove) {
                    was = s.body;
                }
                perform(name, s, undos);
            }
        }
    } catch (error const& e) {
        for (auto& [name, undos] : done)
            undo_all(entries_, name, undos);
        if (e.code() == errc::duplicate_key)
            refuse_conflict();
        throw;
    }

    ++version_;
    auto const steps = std::move(who.steps_);
    release(who, transaction::state::committed);
    for (auto const& [name, own] : steps) {
        for (std::size_t i = 0; i != own.size(); ++i) {
            auto const& s = own[i];
            if (log_ != nullptr)
                log_->record({s.what, name, s.body});
            if (open_.empty())
                continue;
            if (s.what == effect::kind::put)
                remember(name, before.at(name)[i], s.body);
            else if (s.what == effect::kind::remove)
                remember(name, s.body, nullptr);
            else
                redefined_[name] = version_;
        }
    }
}

} // namespace cormorant::memory
