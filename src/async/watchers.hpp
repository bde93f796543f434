#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

namespace gk::async {

// Those who want to hear of changes. Callbacks run on the loop, later, never inside the call that made the change. For one thread.
template <class... Args>
class Watchers {
public:
    using Callback = std::function<void(Args...)>;

    explicit Watchers(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}

    // Lasts as long as the returned handle.
    std::shared_ptr<void> add(Callback callback) {
        auto watcher = std::make_shared<Callback>(std::move(callback));
        std::erase_if(watchers_, [](const auto& known) { return known.expired(); });
        watchers_.push_back(watcher);
        return watcher;
    }

    void notify(Args... args) {
        for (const auto& known : watchers_) {
            // A handle that is destroyed before its turn comes is not called any more.
            boost::asio::post(loop_, [known, args...] {
                if (const auto watcher = known.lock()) (*watcher)(args...);
            });
        }
    }

private:
    boost::asio::any_io_executor loop_;
    std::vector<std::weak_ptr<Callback>> watchers_;
};

}  // namespace gk::async
