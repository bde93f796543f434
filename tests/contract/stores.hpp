#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "ports/ledger.hpp"
#include "ports/port_map.hpp"
#include "ports/server_store.hpp"

// The contract suites of the stores run against every adapter that offers them: memory, SQLite, PostgreSQL, and a cluster's API server in
// tests/cluster.
namespace gk::contract {

// The three stores of one installation. restart() is what a crash of the control plane and its next start do to them.
class Stores {
public:
    virtual ~Stores() = default;
    virtual ServerStore& servers() = 0;
    virtual Ledger& ledger() = 0;
    virtual PortMap& ports() = 0;
    virtual void restart() = 0;
    // Whether slots mean anything here: operating system uids of one machine do, a cluster has none.
    virtual bool has_slots() const { return true; }
};

struct StoresOptions {
    PortRange range{.first = Port{30000}, .last = Port{30099}};
    PortQuestion foreign = [](Protocol, Port) { return false; };
    std::size_t events_kept = 10;
};

struct StoresMaker {
    std::string name;
    std::function<std::unique_ptr<Stores>(boost::asio::io_context&, Clock&, StoresOptions)> make;
};
std::vector<StoresMaker> all_stores();
// Those, and what has a Ledger only: PostgreSQL, whose other stores here are in memory.
std::vector<StoresMaker> all_ledgers();
// Keeps GoogleTest from printing bytes.
inline void PrintTo(const StoresMaker& maker, std::ostream* out) { *out << maker.name; }

class StoresTest : public testing::TestWithParam<StoresMaker> {
protected:
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    // Runs what was posted to the loop.
    void settle() {
        io_.restart();
        while (io_.poll() > 0) io_.restart();
    }
    void make(StoresOptions options = {}) { stores_ = GetParam().make(io_, clock_, std::move(options)); }
    ServerStore& servers() { return stores_->servers(); }
    Ledger& ledger() { return stores_->ledger(); }
    PortMap& ports() { return stores_->ports(); }
    void restart() { stores_->restart(); }

    void SetUp() override { make(); }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    std::unique_ptr<Stores> stores_;
};

inline std::string name_of_case(const testing::TestParamInfo<StoresMaker>& info) { return info.param.name; }

// Ids that differ by their number.
template <class IdType>
IdType numbered(std::uint8_t number) {
    return IdType(uuid_from_random({number, 1, 2, 3}));
}

inline server::Record record_named(std::string id, std::uint8_t number) {
    server::Record record;
    record.uid = numbered<ServerUid>(number);
    record.id = std::move(id);
    record.game = "minetest";
    record.package = "small";
    record.slot = number;
    return record;
}

}  // namespace gk::contract
