#pragma once

#include <memory>
#include <string>

#include "net/http/server.hpp"

namespace gk::api {

// What /metrics shows, over prometheus-cpp's registry. Labels come from our own tables (routes, methods, statuses), never from the network.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    void count(const net::Access& access);
    // A gauge of the moment: "gamekeeper_servers" by state and the like are set right before the page is made.
    void set_servers(std::string_view state, double count);
    // The Prometheus text format.
    std::string text() const;

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace gk::api
