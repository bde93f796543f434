#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "adapters/memory/state.hpp"
#include "async/watchers.hpp"
#include "ports/declarations.hpp"

namespace gk::apptest {

// What people declare, in memory, beside the records. Tests change it as people do.
class MemoryDeclarations final : public Declarations {
public:
    MemoryDeclarations(boost::asio::any_io_executor loop, std::shared_ptr<memory::StoreState> records)
        : records_(std::move(records)),
          watchers_(std::move(loop)) {}

    // As `kubectl apply` and `kubectl delete`.
    void apply(const std::string& id, Value declared) {
        auto& it = kept_[{.space = "default", .id = id}];
        if (it.object.empty()) it.object = "object " + std::to_string(++objects_);
        it.declared = std::move(declared);
        ++it.generation;
        watchers_.notify(name(id));
    }
    void set(const std::string& id, std::string_view member, Value value) {
        auto declared = kept_.at(name(id)).declared;
        declared.set(member, std::move(value));
        apply(id, std::move(declared));
    }
    // As our API does it: an object of ours, which has no record yet.
    void begin(const std::string& id, Value declared) {
        apply(id, std::move(declared));
        kept_.at(name(id)).is_held = true;
    }
    void end(const std::string& id) {
        kept_.at(name(id)).is_ending = true;
        watchers_.notify(name(id));
    }
    const Declaration& shown(const std::string& id) { return kept_.at(name(id)); }
    static DeclarationName name(const std::string& id) { return {.space = "default", .id = id}; }

    // How often anything was written, and what refuses the next writes.
    int writes = 0;
    int conflicts_due = 0;
    int notes_lost = 0;  // The next verdicts that are not stored.
    std::function<void()> meanwhile;  // Happens at each look at one as it is now.

    Answer<std::vector<DeclarationName>> list() override {
        std::vector<DeclarationName> out;
        for (const auto& [key, it] : kept_) out.push_back(key);
        co_return out;
    }
    std::optional<Declaration> seen(const DeclarationName& key) override {
        const auto found = kept_.find(key);
        if (found == kept_.end()) return std::nullopt;
        auto out = found->second;
        out.name = key;
        for (const auto& [uid, record] : records_->servers) {
            if (record.space == key.space && record.id == key.id) out.record = record;
        }
        return out;
    }
    Answer<Declaration> get(DeclarationName key) override {
        if (meanwhile) meanwhile();
        auto now = seen(key);
        if (!now) co_return std::unexpected(StoreError{StoreError::Kind::not_found, "it is not declared"});
        co_return std::move(*now);
    }
    Answer<Success> note(Declaration looked_at, Verdict verdict) override {
        if (notes_lost > 0) {
            --notes_lost;
            co_return std::unexpected(StoreError{StoreError::Kind::unavailable, "not now"});
        }
        CO_TRY_OK(check());
        auto& it = kept_.at(looked_at.name);
        it.generation_seen = verdict.generation;
        if (verdict.met) it.met = std::move(verdict.met);
        it.refused = std::move(verdict.refused);
        co_return Success{};
    }
    Answer<std::int64_t> declare(Declaration looked_at, Value declared) override {
        CO_TRY_OK(check());
        auto& it = kept_.at(looked_at.name);
        if (it.generation != looked_at.generation) co_return std::unexpected(StoreError{StoreError::Kind::conflict, "declared anew"});
        if (it.met) it.met->declaration = declared;
        it.declared = std::move(declared);
        co_return ++it.generation;
    }
    std::shared_ptr<void> watch(Changed changed) override { return watchers_.add(std::move(changed)); }

private:
    Result<Success, StoreError> check() {
        if (conflicts_due > 0) {
            --conflicts_due;
            return std::unexpected(StoreError{StoreError::Kind::unavailable, "not now"});
        }
        ++writes;
        return Success{};
    }

    std::shared_ptr<memory::StoreState> records_;
    async::Watchers<DeclarationName> watchers_;
    std::map<DeclarationName, Declaration> kept_;
    int objects_ = 0;
};

}  // namespace gk::apptest
