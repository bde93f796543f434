#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "adapters/kubernetes/store/events.hpp"
#include "adapters/kubernetes/store/server_store.hpp"
#include "ports/clock.hpp"
#include "ports/declarations.hpp"

namespace gk::kubernetes {

// What people declare by GameServers, read from the copy that the store keeps and written into the same objects: spec, and of status the members
// that are the declaration's (declared, observedGeneration, the condition Accepted). A refusal that is new is told as an event too.
class KubernetesDeclarations final : public Declarations {
public:
    KubernetesDeclarations(KubernetesServerStore& store, EventTeller& events, Clock& clock) : store_(store), events_(events), clock_(clock) {}

    Answer<std::vector<DeclarationName>> list() override;
    std::optional<Declaration> seen(const DeclarationName& name) override;
    Answer<Declaration> get(DeclarationName name) override;
    Answer<Success> note(Declaration looked_at, Verdict verdict) override;
    Answer<std::int64_t> declare(Declaration looked_at, Value declared) override;
    Answer<Success> let_go(Declaration looked_at) override { return store_.let_go(key_of(looked_at.name), std::move(looked_at.object)); }
    std::shared_ptr<void> watch(Changed changed) override;

private:
    static ObjectKey key_of(const DeclarationName& name) { return {.space = name.space, .name = name.id}; }

    KubernetesServerStore& store_;
    EventTeller& events_;
    Clock& clock_;
};

}  // namespace gk::kubernetes
