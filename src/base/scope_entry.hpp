#pragma once

#include <set>

namespace gk {

// Keeps a value in a set for as long as a scope lasts, also when it ends by an exception. Whoever finds it there already does not take it out.
template <class T>
class ScopeEntry {
public:
    ScopeEntry(std::set<T>& set, T value) : set_(set), value_(value), is_first_(set.insert(value).second) {}
    ~ScopeEntry() {
        if (is_first_) set_.erase(value_);
    }
    ScopeEntry(const ScopeEntry&) = delete;
    ScopeEntry& operator=(const ScopeEntry&) = delete;

private:
    std::set<T>& set_;
    T value_;
    bool is_first_;
};

}  // namespace gk
